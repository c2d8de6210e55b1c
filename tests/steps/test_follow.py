"""A step of Kubeflow Pipelines follows its Job; each line that it prints says whose it is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_challenge.core.models import StepState
from jupyter_challenge.core.run import FollowedStep
from jupyter_challenge.steps import follow as following
from jupyter_challenge.steps.follow import StepFailed, follow, note

TOKEN = "a-token-that-no-line-says"
Answer = tuple[int, str]


def answer(state: str, *, over: bool = False, well: bool = False) -> Answer:
    found = FollowedStep(
        submission="s-1",
        attempt=2,
        challenge="iris",
        state=StepState(state),
        over=over,
        well=well,
    )
    return 200, found.model_dump_json()


class Gateway:
    """Answers what it is given, the last of it again and again."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, str]] = []

    def next(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Gateway]:
    found = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.asked.append((self.path, self.headers["Authorization"]))
            status, text = found.next()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setenv("CHALLENGE_GATEWAY", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("CHALLENGE_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setattr(following, "PAUSE", 0.01)
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def lines(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_every_line_says_whose_it_is_and_no_state_is_said_twice(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.answers = [
        answer("pending"),
        answer("pending"),
        answer("running"),
        answer("succeeded", over=True, well=True),
    ]

    ids = follow("run", "r-1")

    assert ids == {"run": "r-1", "submission": "s-1", "attempt": 2, "challenge": "iris"}
    assert gateway.asked == [("/step/run", f"Bearer {TOKEN}")] * 4
    printed = capsys.readouterr()
    said = lines(printed.out)
    assert [line["message"] for line in said] == ["run: pending", "run: running", "run: succeeded"]
    for line in said:
        assert line["part"] == "follow-run"
        assert line["level"] == "info"
        assert line["pod"] and line["time"]
        assert {name: line[name] for name in ids} == ids
    assert printed.err == "" and TOKEN not in printed.out


def test_a_step_that_did_not_end_well_ends_the_program_without_a_traceback(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.answers = [answer("failed", over=True)]

    with pytest.raises(StepFailed) as ended:
        follow("evaluate", "r-1")

    assert isinstance(ended.value, SystemExit) and ended.value.code == 1
    last = lines(capsys.readouterr().out)[-1]
    assert (last["level"], last["submission"]) == ("error", "s-1")
    assert last["message"] == "evaluate did not end well; the service says why"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        pytest.param(403, "Refused: 403 no", id="refused"),
        pytest.param(503, "503 no", id="away"),
        pytest.param(200, "ValidationError", id="nonsense"),
    ],
)
def test_what_nobody_says_of_a_step_is_a_line_too(
    gateway: Gateway,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    said: str,
) -> None:
    monkeypatch.setattr(following, "PATIENCE", 0.3)
    monkeypatch.setenv("CHALLENGE_ABOUT", '{"submission": "s-1"}')
    gateway.answers = [(status, "no")]

    with pytest.raises(StepFailed):
        follow("prepare", "r-1")

    found = lines(capsys.readouterr().out)
    # Whose it is was in its settings: the gateway said nothing.
    assert {(line["submission"], line["run"]) for line in found} == {("s-1", "r-1")}
    assert found[-1]["level"] == "error"
    assert said in found[-1]["message"]
    assert {line["run"] for line in found} == {"r-1"}


def test_a_long_step_is_asked_for_less_often(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        at[0] += seconds

    clock = SimpleNamespace(monotonic=lambda: at[0], sleep=sleep)
    monkeypatch.setattr(following, "time", clock)
    monkeypatch.setattr(following, "PAUSE", 0.5)
    gateway.answers = [
        *[answer("running")] * 1_000,
        answer("succeeded", over=True, well=True),
    ]

    follow("run", "r-1")

    early = [pause for pause, when in zip(slept, _sums(slept), strict=True) if when < 25]
    assert early and set(early) == {0.5}
    assert max(slept) == 5.0
    assert all(
        pause <= max(0.5, 0.02 * when) for pause, when in zip(slept, _sums(slept), strict=True)
    )


def _sums(pauses: list[float]) -> list[float]:
    """When each pause began."""
    at, found = 0.0, []
    for pause in pauses:
        found.append(at)
        at += pause
    return found


class Artifact:
    """As KFP hands one to a step."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.metadata: dict[str, Any] = {"kfp": "its own"}


@pytest.mark.parametrize("labelled", [True, False])
def test_an_artifact_says_what_it_stands_for(tmp_path: Path, labelled: bool) -> None:
    artifact = Artifact(tmp_path / "data")

    note(artifact, "the data of a run", {"run": "r-1", "submission": "s-1"}, labelled=labelled)

    said = {"stands_for": "the data of a run", "run": "r-1", "submission": "s-1"}
    assert json.loads((tmp_path / "data").read_text()) == said
    assert artifact.metadata == {"kfp": "its own", **(said if labelled else {})}
