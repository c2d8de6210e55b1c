"""serve, backup, upgrade-db, openapi."""

import json
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from jupyter_challenge import connect
from jupyter_challenge.cli.group import challenge
from jupyter_challenge.core.errors import Forbidden, NotFound, NotSignedIn
from tests.tiny import write_challenge, write_predictions


@pytest.fixture
def served(challenge_data_dir: Path) -> Iterator[tuple[str, Path]]:
    """A service in a process of its own; its address and the admin's token file."""
    with subprocess.Popen(
        [sys.executable, "-m", "jupyter_challenge.cli", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline() + process.stdout.readline()
        address = re.search(r"http://[\d.:]+", said)
        token = re.search(r"written to (\S+\.token)", said)
        assert address and token, said
        yield address[0], Path(token[1])
        process.terminate()
        process.wait(30)


def add_user(*arguments: str) -> Path:
    done = CliRunner().invoke(challenge, ["serve", "--add-user", *arguments])
    assert done.exit_code == 0, done.output
    file = re.search(r"in (\S+\.token)", done.output)
    assert file is not None
    return Path(file[1])


def test_users_of_a_served_challenge(served: tuple[str, Path], tmp_path: Path) -> None:
    url, admins = served
    with connect(url, token_file=admins) as admin:
        assert admin.me().place == "serve"
        admin.publish(write_challenge(tmp_path / "organiser"))
    anas = add_user("ana")
    assert stat.S_IMODE(anas.stat().st_mode) == 0o600
    with connect(url, token_file=anas) as ana:
        assert (ana.me().name, ana.me().admin) == ("ana", False)
        ana.enter("tiny")
        got = ana.get("tiny", tmp_path / "mine")
        assert not any("labels" in path and "sample" not in path for path in got.new)
        sent = ana.submit(write_predictions(tmp_path / "predictions.csv"), "tiny")
        done = ana.wait(sent.id, timeout=60)
        assert done.rank == 1
        with pytest.raises(NotFound):
            ana.export("tiny", tmp_path / "export.zip")
        assert not (tmp_path / "export.zip").exists()
    with connect(url, token_file=add_user("ben")) as ben, pytest.raises(NotFound):
        ben.submission(sent.id)
    with connect(url) as nobody, pytest.raises((NotSignedIn, Forbidden)):
        nobody.me()


def test_the_command_at_a_url(served: tuple[str, Path], tmp_path: Path) -> None:
    url, token = served
    folder = write_challenge(tmp_path / "organiser")
    at = ["--url", url, "--token-file", str(token)]
    run = CliRunner().invoke
    published = run(challenge, ["publish", str(folder), *at])
    assert published.exit_code == 0, published.output
    file = str(write_predictions(tmp_path / "predictions.csv", right=9))
    done = run(challenge, ["submit", file, "--challenge", "tiny", *at])
    assert done.exit_code == 0, done.output
    assert "Accuracy 0.9000   rank 1 of 1" in done.output
    token.chmod(0o644)
    assert "can be read by others" in run(challenge, ["list", *at]).output


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(challenge, ["serve", "--port", port])
    assert done.exit_code == 5
    assert port in done.output
    assert "--port" in done.output


def test_only_loopback_is_served() -> None:
    done = CliRunner().invoke(challenge, ["serve", "--host", "0.0.0.0", "--port", "0"])
    assert done.exit_code == 5
    assert "127.0.0.1" in done.output


@pytest.mark.parametrize("name", ["../x", "a b", "", "-x"], ids=repr)
def test_names_that_are_no_file_names(name: str) -> None:
    assert CliRunner().invoke(challenge, ["serve", f"--add-user={name}"]).exit_code == 2


def test_a_backup_is_a_data_folder(tmp_path: Path) -> None:
    run = CliRunner().invoke
    run(challenge, ["publish", str(write_challenge(tmp_path / "organiser"))])
    copy = tmp_path / "copy"
    done = run(challenge, ["backup", str(copy)])
    assert done.output == f"{copy}\n"
    listed = run(challenge, ["list", "--json", "--data-dir", str(copy)])
    assert [each["id"] for each in json.loads(listed.output)] == ["tiny"]
    assert run(challenge, ["backup", str(copy)]).exit_code == 1


def test_upgrading_a_database_that_is_new_enough(tmp_path: Path) -> None:
    run = CliRunner().invoke
    run(challenge, ["list"])
    done = run(challenge, ["upgrade-db"])
    assert done.exit_code == 0
    assert "already" in done.output


def test_the_description_of_the_api() -> None:
    done = CliRunner().invoke(challenge, ["openapi"])
    assert "/api/v1/challenges" in json.loads(done.output)["paths"]


def test_doctor_says_that_a_laptop_has_no_walls() -> None:
    done = CliRunner().invoke(challenge, ["doctor"])

    assert done.exit_code == 0
    assert "nothing isolates runs" in done.output


def test_doctor_without_a_cluster_says_that_there_is_none(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        '{"apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": '
        '[{"name": "c", "context": {"cluster": "c", "user": "u"}}], '
        '"users": [{"name": "u", "user": {}}], '
        '"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}]}'
    )

    done = CliRunner().invoke(challenge, ["doctor", "--cluster", "--kubeconfig", str(config)])

    assert done.exit_code == 5, done.output
    assert "does not answer" in done.output
