"""A backup is a data folder; opening it is restoring it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_challenge.core.errors import ChallengeError, Conflict, UpgradeNeeded
from jupyter_challenge.service.backup import backup, upgrade_database
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.store import schema
from tests.service.quick_engine import QuickEngine
from tests.service.world import World


def test_a_copy_that_is_made_while_the_service_runs_can_be_opened(
    make_world: Callable[..., World], db_url: str, tmp_path: Path
) -> None:
    world = make_world(db_url=db_url)
    world.publish()
    ana = world.user("ana")
    ana.enter()
    done = ana.submitted(public=0.8)
    running = ana.submit(sleep=60)
    token = world.embedded.service.tokens.add("ana")
    world.until(lambda: ana.show(running["id"])["state"] == "running")
    # What comes after the copy began is not in it, and does not disturb it.
    copy = backup(world.config, tmp_path / "copies" / "monday")
    ana.submitted(public=0.9)

    restored = tmp_path / "restored"
    restored.mkdir()
    copy.rename(restored / "data")
    other = make_world(folder=restored, engine=QuickEngine(restored / "quick"))
    same = other.user("ana")
    assert same.show(done["id"])["score"] == done["score"]
    assert [row["values"]["accuracy"] for row in same.board()["rows"]] == [0.8]
    assert same.get(f"/submissions/{done['id']}/notebook").content == b"{}"
    # The run that was at work when the copy was made is not lost with its process.
    same.ask("POST", f"/submissions/{running['id']}/cancel")
    assert same.finished(running["id"])["state"] == "cancelled"
    assert same.submitted(public=0.95)["rank"] == 1
    assert other.embedded.service.tokens.identity(f"Bearer {token}") is not None
    ana.ask("POST", f"/submissions/{running['id']}/cancel")


def test_nothing_is_replaced(world: World, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("mine")
    with pytest.raises(Conflict, match="exists already"):
        backup(world.config, tmp_path / "there")
    assert (tmp_path / "there" / "file").read_text() == "mine"


def test_there_must_be_something_to_copy(tmp_path: Path) -> None:
    with pytest.raises(ChallengeError, match="no database"):
        backup(ChallengeConfig(data_dir=str(tmp_path)), tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_an_old_database_is_not_copied_unseen(tmp_path: Path) -> None:
    from alembic import command

    url = f"sqlite:///{tmp_path / 'challenge.db'}"
    command.upgrade(schema.alembic_config(url), "0001")
    config = ChallengeConfig(data_dir=str(tmp_path))
    with pytest.raises(UpgradeNeeded):
        backup(config, tmp_path / "copy")
    said = upgrade_database(config)
    assert f"of version {schema.HEAD} now; the copy of before is" in said
    assert upgrade_database(config) == f"The database is of version {schema.HEAD} already."
    backup(config, tmp_path / "copy")
