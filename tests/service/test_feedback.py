"""What a participant sees of a run where the phase hides it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.service.world import World


@pytest.fixture
def hiding(make_world: Callable[..., World]) -> World:
    """A challenge whose phase gives the class of a failure alone."""
    world = make_world()
    world.publish(phases=[{"id": "main", "feedback": "class_only"}])
    world.user("ana").enter()
    return world


def test_the_class_and_its_hint_and_no_more(hiding: World) -> None:
    ana = hiding.user("ana")
    done = ana.submitted(fail="cell_error")
    failure = done["failure"]
    assert failure["failure_class"] == "cell_error"
    assert failure["sentence"]
    assert failure["hint"]
    assert [failure[key] for key in ("step", "cell", "cell_index", "detail")] == [
        None,
        None,
        None,
        "",
    ]
    assert done["feedback"] == "class_only"
    assert (done["has_logs"], done["has_notebook"]) == (False, False)
    assert [step["detail"] for step in done["steps"]] == ["", "", ""]
    assert {step["started_at"] for step in done["steps"]} == {None}
    assert done["seconds"] % 10 == 0
    assert (done["started_at"], done["ended_at"]) == (None, None)


HIDDEN = ["logs/prepare", "logs/run", "logs/evaluate", "notebook", "predictions"]


@pytest.mark.parametrize("what", HIDDEN)
@pytest.mark.parametrize("said", [{"public": 1.0}, {"fail": "cell_error"}], ids=["good", "bad"])
def test_nothing_of_the_run_comes_out(hiding: World, what: str, said: dict[str, Any]) -> None:
    ana = hiding.user("ana")
    done = ana.submitted(**said)
    assert ana.get(f"/submissions/{done['id']}/{what}").status_code == 404
    assert ana.get(f"/submissions/{done['id']}/bundle").status_code == 200


def test_the_organiser_sees_all_of_it(hiding: World) -> None:
    done = hiding.user("ana").submitted(fail="cell_error")
    shown = hiding.admin.show(done["id"])
    assert (shown["failure"]["cell"], shown["failure"]["detail"]) == (3, "secret")
    for what in ("logs/run", "logs/evaluate", "notebook", "predictions"):
        assert hiding.admin.get(f"/submissions/{done['id']}/{what}").status_code == 200


def test_while_it_runs_nothing_comes_out_either(hiding: World) -> None:
    ana = hiding.user("ana")
    made = ana.submit(sleep=60)
    hiding.until(lambda: hiding.admin.show(made["id"])["steps"][1]["state"] == "running")
    assert ana.get(f"/submissions/{made['id']}/logs/run").status_code == 404
    assert ana.show(made["id"])["steps"][1]["detail"] == ""
    live = hiding.admin.ask("GET", f"/submissions/{made['id']}/logs/run")
    assert (live["text"], live["ended"]) == ("hello from the run\n", False)
    ana.ask("POST", f"/submissions/{made['id']}/cancel")
    ana.finished(made["id"])


def test_a_try_gives_everything(hiding: World) -> None:
    ana = hiding.user("ana")
    done = ana.submitted(fail="cell_error", request={"is_try": True})
    assert done["failure"]["detail"] == "secret"
    assert done["feedback"] == "full"
    for what in ("logs/run", "logs/evaluate", "notebook", "predictions"):
        assert ana.get(f"/submissions/{done['id']}/{what}").status_code == 200
