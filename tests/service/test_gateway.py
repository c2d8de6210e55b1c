"""The gateway: who may ask, what it hands out, what it takes and seals."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from jupyter_challenge.core import run as core_run
from jupyter_challenge.core.challenge import Limits
from jupyter_challenge.core.errors import ChallengeError, NotSignedIn, Unavailable
from jupyter_challenge.core.run import Receipt, RunSpec, Stored
from jupyter_challenge.core.tarball import END
from jupyter_challenge.service.asking_pods import asking
from jupyter_challenge.service.reviewing import REMEMBERED_SECONDS, WRONG_AT_MOST, Reviews
from jupyter_challenge.store import receipts
from tests.service.gateway_world import GatewayWorld, headers, members, posted, report, tar
from tests.service.world import World
from tests.small_api_server import SmallApiServer, made_up_token, small_api_server

ROUTES = {
    "run": ["/run/spec", "/run/bundle", "/run/inputs", "/run/state"],
    "evaluate": ["/evaluate/spec", "/evaluate/predictions", "/evaluate/labels"],
}
TAKES = {"run": ["/run/output", "/run/state"], "evaluate": ["/evaluate/result"]}
PREDICTED = tar(report_json=report(), predictions=b"id,label\n1,odd\n")
SCORED = tar(report_json=report(), result_json=b'{"digest": "d", "boards": {}}')


@pytest.fixture(scope="module")
def api() -> Iterator[SmallApiServer]:
    with small_api_server() as server:
        yield server


@pytest.fixture
def gate(
    make_world: Callable[..., World], api: SmallApiServer, tmp_path: Path, db_url: str
) -> GatewayWorld:
    world = make_world(runs=False, db_url=db_url)
    split = {"id": "main", "split": {"public": 0.4}, "reveal": "never"}
    world.publish(phases=[split])
    world.user("ana").enter()
    api.reviews = 0
    return GatewayWorld(world, api, tmp_path)


@pytest.fixture
def http(gate: GatewayWorld) -> Iterator[httpx.Client]:
    from jupyter_challenge.client.asgi import AppTransport

    transport = AppTransport(gate.app)
    with httpx.Client(
        transport=transport, base_url="http://gateway", trust_env=False, timeout=60
    ) as client:
        yield client


WRONG: dict[str, tuple[dict[str, Any], int]] = {
    "no token": ({}, 401),
    "a foreign audience": ({"audience": "https://kubernetes.default.svc"}, 401),
    "the evaluation's audience": ({"audience": "evaluate-gateway"}, 401),
    "another account of the namespace": ({"account": "default"}, 403),
    "another namespace": ({"namespace": "challenge-run-other"}, 403),
    "the evaluation's namespace": ({"namespace": "challenge-evaluation"}, 403),
    "an attempt that is not there": ({"labels": {"challenge.jupyter.org/attempt": "2"}}, 403),
    "a run that is not there": ({"labels": {"challenge.jupyter.org/run": "x"}}, 403),
    "a pod of another step": ({"labels": {"challenge.jupyter.org/step": "evaluate"}}, 403),
}


@pytest.mark.parametrize("case", WRONG)
def test_only_a_runs_own_pod_is_answered(gate: GatewayWorld, http: httpx.Client, case: str) -> None:
    changes, expected = WRONG[case]
    spec = gate.submitted()
    audience = gate.settings.audience_run
    token = gate.token(spec, **changes) if changes else made_up_token(audience)

    for path in ROUTES["run"]:
        assert http.get(path, headers=headers(token)).status_code == expected
    for path in TAKES["run"]:
        assert posted(http, path, token, PREDICTED).status_code == expected
    assert http.get("/run/spec").status_code == 401


def test_no_route_is_left_out_here(gate: GatewayWorld) -> None:
    """What is asked for without a token by the tests of it is all that there is."""
    routes = {
        (verb, route.path)
        for route in gate.app.routes
        if isinstance(route, APIRoute)
        for verb in route.methods
    }
    known = {("GET", path) for paths in ROUTES.values() for path in paths}
    known |= {("POST", path) for paths in TAKES.values() for path in paths}
    assert routes == known | {("GET", "/health"), ("POST", "/step/{step}")}


@pytest.mark.parametrize(
    "token",
    [
        "made-up",
        "a.b.c",
        "." * 2,
        "e30." * 2 + "x" * 9_000,
        "e30.W10.x",
        made_up_token("https://kubernetes.default.svc"),
        made_up_token("run-gateway", seconds=-3_600),
        "x." + base64.urlsafe_b64encode(b"[" * 5_000).decode() + ".x",
    ],
)
def test_nobody_is_asked_about_what_cannot_be_a_token(
    gate: GatewayWorld, http: httpx.Client, api: SmallApiServer, token: str
) -> None:
    assert http.get("/run/spec", headers=headers(token)).status_code == 401
    assert api.reviews == 0


def test_a_token_that_was_none_is_asked_about_once(
    gate: GatewayWorld, http: httpx.Client, api: SmallApiServer
) -> None:
    token = made_up_token("run-gateway")
    answers = {http.get("/run/spec", headers=headers(token)).status_code for _ in range(50)}
    assert answers == {401}
    assert api.reviews == 1


def test_who_makes_up_tokens_is_put_off_and_nobody_else(
    gate: GatewayWorld, api: SmallApiServer
) -> None:
    """A hostile run can send another one each time; the API server hears of few."""
    spec = gate.submitted()
    clock = [0.0]
    gateway = replace(gate.gateway, reviews=Reviews(lambda: clock[0]))

    def ask(token: str, sender: str) -> type[ChallengeError] | None:
        try:
            asking(gateway, f"Bearer {token}", "run", sender)
        except ChallengeError as error:
            return type(error)
        return None

    answers = [ask(made_up_token("run-gateway"), "10.0.0.66") for _ in range(200)]

    assert answers == [NotSignedIn] * WRONG_AT_MOST + [Unavailable] * (200 - WRONG_AT_MOST)
    assert api.reviews == WRONG_AT_MOST
    assert ask(gate.token(spec), "10.0.0.7") is None
    assert ask(gate.token(spec), "10.0.0.66") is Unavailable
    clock[0] += REMEMBERED_SECONDS + 1  # shorter than a pod's sidecar has patience
    assert ask(gate.token(spec), "10.0.0.66") is None


def test_a_token_that_is_one_may_be_sent_as_often_as_one_likes(
    gate: GatewayWorld, http: httpx.Client
) -> None:
    token = gate.token(gate.submitted())
    answers = {http.get("/run/spec", headers=headers(token)).status_code for _ in range(40)}
    assert answers == {200}


def test_a_runs_token_opens_nothing_of_the_evaluation(
    gate: GatewayWorld, http: httpx.Client
) -> None:
    """Also not when the run's namespace is that of the evaluation by mistake."""
    spec = gate.submitted()
    tokens = [gate.token(spec), gate.token(spec, namespace="challenge-evaluation")]

    for token in tokens:
        for path in ROUTES["evaluate"]:
            assert http.get(path, headers=headers(token)).status_code == 401
        assert posted(http, "/evaluate/result", token, SCORED).status_code == 401


def test_a_token_of_a_pod_that_is_gone_opens_nothing(
    gate: GatewayWorld, http: httpx.Client, api: SmallApiServer
) -> None:
    """One of the same name in its place is another pod."""
    spec = gate.submitted()
    token = gate.token(spec)
    (key, pod), *_ = reversed(api.objects.items())
    _, namespace, name = key
    del api.objects[key]
    assert http.get("/run/spec", headers=headers(token)).status_code == 403
    api.add_pod(namespace, pod["metadata"]["labels"], name)
    assert http.get("/run/spec", headers=headers(token)).status_code == 403


def test_a_run_that_is_over_is_answered_no_more(gate: GatewayWorld, http: httpx.Client) -> None:
    spec = gate.submitted()
    token = gate.token(spec)
    ana = gate.world.user("ana")
    ana.ask("POST", f"/submissions/{spec.submission_id}/cancel")

    for path in ROUTES["run"]:
        assert http.get(path, headers=headers(token)).status_code == 409
    for path in TAKES["run"]:
        assert posted(http, path, token, PREDICTED).status_code == 409


def test_the_run_is_told_nothing_of_how_it_is_scored(
    gate: GatewayWorld, http: httpx.Client
) -> None:
    spec = gate.submitted()
    said = http.get("/run/spec", headers=headers(gate.token(spec)))
    given = RunSpec.model_validate_json(said.content)

    assert (given.run_id, given.entry, given.limits) == (spec.run_id, spec.entry, spec.limits)
    assert given.evaluation.output == spec.evaluation.output
    assert (given.evaluation.metrics, given.evaluation.boards) == ([], {})
    assert "labels.csv" not in said.text
    assert spec.evaluation.digest not in said.text


def test_a_run_gets_its_submission_and_the_data(gate: GatewayWorld, http: httpx.Client) -> None:
    spec = gate.submitted()
    token = gate.token(spec)

    assert http.get("/run/bundle", headers=headers(token)).content == spec.bundle.read_bytes()
    found = http.get("/run/inputs", headers=headers(token))
    assert int(found.headers["content-length"]) == len(found.content)
    files = members(found.content)
    assert set(files) == {"train.csv", "test.csv"}
    assert files["test.csv"].startswith(b"id,x\n1,1\n")


def test_a_try_gets_the_sample(gate: GatewayWorld, http: httpx.Client) -> None:
    spec = gate.submitted(request={"is_try": True})
    files = members(http.get("/run/inputs", headers=headers(gate.token(spec))).content)
    assert files["test.csv"] == b"id,x\n201,1\n202,2\n"
    labels = http.get("/evaluate/labels", headers=headers(gate.token(spec, "evaluate"))).content
    assert members(labels) == {"public/sample/labels.csv": b"id,label\n201,odd\n202,even\n"}


def test_36_the_evaluation_gets_predictions_and_the_labels_of_its_challenge_and_no_more(
    gate: GatewayWorld, http: httpx.Client
) -> None:
    spec = gate.submitted()
    gate.world.publish("other")
    token = gate.token(spec, "evaluate")
    assert http.get("/evaluate/predictions", headers=headers(token)).status_code == 404
    posted(http, "/run/output", gate.token(spec), PREDICTED)

    assert http.get("/evaluate/predictions", headers=headers(token)).content == (
        b"id,label\n1,odd\n"
    )
    files = members(http.get("/evaluate/labels", headers=headers(token)).content)
    assert set(files) == {
        "hidden/labels/labels.csv",
        "hidden/splits/main.private.json",
        "hidden/splits/main.public.json",
    }
    given = RunSpec.model_validate_json(
        http.get("/evaluate/spec", headers=headers(token)).content
    ).evaluation
    assert given.digest == spec.evaluation.digest
    assert str(given.labels) == "/challenge/version/hidden/labels/labels.csv"


def test_an_own_evaluator_travels_with_the_modules_beside_it(
    gate: GatewayWorld, http: httpx.Client, tmp_path: Path
) -> None:
    from tests.tiny import write_challenge

    folder = write_challenge(
        tmp_path / "own", id="own", evaluator={"file": "eval/evaluate.py"},
        metrics=[{"name": "points", "direction": "maximize", "ranked": True}],
    )  # fmt: skip
    (folder / "eval").mkdir()
    (folder / "eval" / "evaluate.py").write_text("def evaluate(labels, predictions): ...\n")
    (folder / "eval" / "points.py").write_text("")
    gate.world.admin.publish(folder)
    gate.world.user("ana").enter("own")
    spec = gate.submitted(challenge="own")

    labels = http.get("/evaluate/labels", headers=headers(gate.token(spec, "evaluate")))

    assert {"hidden/evaluator/evaluate.py", "hidden/evaluator/points.py"} <= set(
        members(labels.content)
    )


def sealed(gate: GatewayWorld, spec: RunSpec, kind: Any = "run") -> Receipt | None:
    with gate.gateway.db.read() as session:
        return receipts.get(session, spec.run_id, spec.attempt, kind)


def test_what_is_handed_in_is_stored_and_sealed(gate: GatewayWorld, http: httpx.Client) -> None:
    spec = gate.submitted()
    answer = posted(http, "/run/output", gate.token(spec), PREDICTED)

    assert answer.status_code == 200
    receipt = sealed(gate, spec)
    assert receipt == Receipt.model_validate_json(answer.content)
    assert receipt is not None
    assert receipt.namespace == "challenge-run-tiny"
    stored = receipt.files["predictions"]
    assert stored.size == 15
    assert gate.gateway.blobs.read(stored.digest) == b"id,label\n1,odd\n"


def test_the_same_again_changes_nothing_and_something_else_is_refused(
    gate: GatewayWorld, http: httpx.Client
) -> None:
    """The first of an attempt's outputs counts, whichever of its pods asks again."""
    spec = gate.submitted()
    token = gate.token(spec)
    first = posted(http, "/run/output", token, PREDICTED)
    other = tar(report_json=report(), predictions=b"id,label\n1,even\n")

    assert posted(http, "/run/output", gate.token(spec), PREDICTED).json() == first.json()
    assert posted(http, "/run/output", token, other).status_code == 409
    receipt = sealed(gate, spec)
    assert receipt == Receipt.model_validate_json(first.content)


def test_nothing_is_resumed(gate: GatewayWorld, http: httpx.Client) -> None:
    """Parts are neither given nor taken: what is asked for again comes whole, and has to."""
    spec = gate.submitted()
    token = gate.token(spec)
    for path in ("/run/bundle", "/run/inputs", "/run/state"):
        whole = http.get(path, headers=headers(token))
        part = http.get(path, headers={**headers(token), "Range": "bytes=5-9"})
        assert (part.status_code, part.content) == (200, whole.content)
        assert "content-range" not in part.headers
        assert len(whole.content) > 10
    half = len(PREDICTED) // 2

    for start, piece in ((0, PREDICTED[:half]), (half, PREDICTED[half:])):
        said = f"bytes {start}-{start + len(piece) - 1}/{len(PREDICTED)}"
        answer = http.post(
            "/run/output", content=piece, headers={**headers(token), "Content-Range": said}
        )
        assert answer.status_code == 422
        assert sealed(gate, spec) is None
    assert posted(http, "/run/output", token, PREDICTED).status_code == 200
    assert posted(http, "/run/output", token, PREDICTED[half:]).status_code == 422


def test_what_a_run_keeps_is_given_back_to_it_alone_and_has_an_end(
    gate: GatewayWorld, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_run, "MOST_HEADERS", 1_000)
    gate.world.publish(limits={"disk": 20_000}, phases=[{"id": "main"}])
    spec = gate.submitted()
    gate.world.user("ben").enter()
    other = gate.submitted("ben")
    token = gate.token(spec)
    empty = http.get("/run/state", headers=headers(token)).content
    before = set(gate.gateway.blobs.digests())

    assert posted(http, "/run/state", token, bytes(21_001)).status_code == 413
    assert http.get("/run/state", headers=headers(token)).content == empty
    assert set(gate.gateway.blobs.digests()) == before
    assert posted(http, "/run/state", token, b"k" * 21_000).status_code == 204
    # Its next pod gets it, nobody else's does.
    assert http.get("/run/state", headers=headers(gate.token(spec))).content == b"k" * 21_000
    assert http.get("/run/state", headers=headers(gate.token(other))).content == empty
    assert sealed(gate, spec) is None


def test_however_much_disk_a_run_may_use_what_it_keeps_has_an_end() -> None:
    assert core_run.most_state(Limits(disk=10**15)) == core_run.MOST_STATE
    assert core_run.most_kept(Limits(disk=10**15)) == core_run.MOST_STATE + core_run.MOST_HEADERS


def test_of_many_at_once_one_is_sealed(gate: GatewayWorld) -> None:
    spec = gate.submitted()

    def seal(number: int) -> str | None:
        from jupyter_challenge.core.errors import Conflict

        try:
            return receipts.seal(
                gate.gateway.db, spec.run_id, 1, "run", namespace="n", pod_uid=str(number),
                files={"predictions": Stored(digest=f"{number:064}", size=number)},
            ).digest  # fmt: skip
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        found = [digest for digest in pool.map(seal, range(8)) if digest]
    receipt = sealed(gate, spec)
    assert receipt is not None
    assert found == [receipt.digest]


LINK = bytearray(tar(report_json=report(), predictions=b"x"))
LINK[156:157] = b"2"
REFUSED: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 422),
    "no tar": (b"x" * 2048, 422),
    "an empty one": (END, 422),
    "without its end": (PREDICTED[: -len(END)], 422),
    "cut in a file": (PREDICTED[:600], 422),
    "a broken sum": (bytes(LINK), 422),
    "no report": (tar(predictions=b"x"), 422),
    "a report that can't be read": (tar(report_json=b"{}", predictions=b"x"), 422),
    "no predictions": (tar(report_json=report()), 422),
    "another name": (tar(report_json=report(), predictions=b"x", state_json=b"{}"), 422),
    "a path": (tar(**{"report_json": report(), "../predictions": b"x"}), 422),
    "a name twice": (PREDICTED[: -len(END)] + PREDICTED, 422),
    "predictions that are too large": (
        tar(report_json=report(), predictions=bytes(2_001)), 413,
    ),
    "more than all its files may have": (PREDICTED + bytes(300_000_000), 413),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_leaves_nothing_behind(
    gate: GatewayWorld, http: httpx.Client, case: str
) -> None:
    body, status = REFUSED[case]
    gate.world.publish(
        submission={"output": {"prediction": "label", "max_size": 2000}},
        phases=[{"id": "main"}],
    )
    spec = gate.submitted()
    before = set(gate.gateway.blobs.digests())

    assert posted(http, "/run/output", gate.token(spec), body).status_code == status

    assert sealed(gate, spec) is None
    assert set(gate.gateway.blobs.digests()) == before


def test_a_failure_needs_no_predictions(gate: GatewayWorld, http: httpx.Client) -> None:
    spec = gate.submitted()
    failed = tar(report_json=report(failure={"failure_class": "cell_error"}))
    assert posted(http, "/run/output", gate.token(spec), failed).status_code == 200


def test_a_result_is_taken_from_the_evaluation_alone(
    gate: GatewayWorld, http: httpx.Client
) -> None:
    spec = gate.submitted()
    run, evaluate = gate.token(spec), gate.token(spec, "evaluate")

    assert posted(http, "/run/output", run, SCORED).status_code == 422
    assert posted(http, "/evaluate/result", evaluate, PREDICTED).status_code == 422
    assert posted(http, "/evaluate/result", evaluate, SCORED).status_code == 200
    receipt = sealed(gate, spec, "evaluate")
    assert receipt is not None
    assert json.loads(gate.gateway.blobs.read(receipt.files["result.json"].digest))["digest"] == "d"


def test_a_submission_cannot_choose_whose_data_it_gets(
    gate: GatewayWorld, http: httpx.Client
) -> None:
    """Whatever a request says, the pod's own run is answered."""
    spec = gate.submitted()
    gate.world.user("ben").enter()
    other = gate.submitted("ben")

    said = http.get(
        "/run/spec",
        params={"run": other.run_id, "run_id": other.run_id},
        headers={**headers(gate.token(spec)), "x-run": other.run_id},
    )

    assert said.json()["run_id"] == spec.run_id
    assert http.get(f"/run/{other.run_id}/spec").status_code == 404


def test_an_error_while_a_pod_is_answered_names_its_submission_in_the_log(
    gate: GatewayWorld,
    http: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    spec = gate.submitted()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("jupyter_challenge.service.handing_out.spec", broken)
    answer = http.get("/run/spec", headers=headers(gate.token(spec)))

    assert answer.status_code == 500
    (line,) = (each for each in caplog.records if each.exc_info)
    assert vars(line)["submission"] == spec.submission_id
    assert vars(line)["run"] == spec.run_id
