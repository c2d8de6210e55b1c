"""What an API server's no becomes, by real answers of Kubernetes 1.36."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest
from kubernetes_asyncio.client.exceptions import ApiException
from tornado.web import HTTPError

from jupyter_challenge.hub import refusal
from jupyter_challenge.hub.refusal import NotStarted, of_the_cluster

TOKEN = "d0c56a4e4b1b4e2fb7a1a2f1d2a4c6e8"
POD = 'pods "jupyter-ida" is forbidden: '


def answer(status: int, message: str, reason: str = "Forbidden", **more: Any) -> ApiException:
    """What the client raises of an answer."""
    said = {"kind": "Status", "status": "Failure", "message": message, "reason": reason}
    error = ApiException(status=status, reason=reason)
    error.body = json.dumps({**said, "details": {"kind": "pods"}, "code": status, **more})
    return error


def told(error: ApiException) -> NotStarted:
    found = of_the_cluster(error, TOKEN)
    assert found is not None
    return found


def test_a_full_quota_says_its_numbers() -> None:
    found = told(
        answer(
            403,
            POD + "exceeded quota: servers, requested: requests.memory=4Gi, used: "
            "requests.memory=1Gi, limited: requests.memory=4Gi",
        )
    )

    assert found.jupyterhub_message == (
        'There is no room for another server: the quota "servers" is full (requests.memory=1Gi of '
        "requests.memory=4Gi in use, your server asks for requests.memory=4Gi). Try again when "
        "somebody has ended theirs, or choose a smaller profile."
    )
    assert (found.status_code, found.reason) == (403, "quota")


def test_the_numbers_of_a_long_quota_are_whole() -> None:
    many = ",".join(f"count/some.resource-{number}.example.org=10" for number in range(12))

    found = told(answer(403, POD + f"exceeded quota: q, requested: {many}, used: {many}, limited: "
                        f"{many}"))  # fmt: skip

    assert found.jupyterhub_message.count("count/some.resource-11.example.org=10") == 3


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(
            answer(
                422,
                POD + "ValidatingAdmissionPolicy 'challenge-queue' with binding 'challenge-queue' "
                "denied request: a server with an accelerator has to wait in a queue",
                "Invalid",
            ),
            "refuse your server: a server with an accelerator has to wait in a queue. Choose",
            id="ValidatingAdmissionPolicy",
        ),
        pytest.param(
            answer(
                403,
                POD + 'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false '
                '(container "notebook" must set securityContext.allowPrivilegeEscalation=false), '
                'runAsNonRoot != true (pod or container "notebook" must set '
                "securityContext.runAsNonRoot=true)",
            ),
            'refuse your server: it violates PodSecurity "restricted:latest": allowPrivilege',
            id="PodSecurity",
        ),
        pytest.param(
            answer(
                400,
                'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource '
                "Pod/hub/jupyter-ida was blocked due to the following policies\n\nimages:\n  "
                "only-ours: images come from registry.example.org\n",
                "BadRequest",
            ),
            "images come from registry.example.org",
            id="Kyverno",
        ),
        pytest.param(
            answer(
                403,
                'admission webhook "validation.gatekeeper.sh" denied the request: [owner] you must '
                "provide labels: {owner}",
            ),
            "refuse your server: [owner] you must provide labels: {owner}. Choose",
            id="Gatekeeper",
        ),
        pytest.param(
            answer(400, 'admission webhook "mute.example.org" denied the request without '
                   "explanation", "BadRequest"),
            'refuse your server: admission webhook "mute.example.org" denied the request without '
            "explanation. Choose",
            id="webhook without a word",
        ),
        pytest.param(
            answer(500, 'admission webhook "odd.example.org" denied the request: not today', ""),
            "refuse your server: not today. Choose",
            id="webhook with a status of its own",
        ),
        pytest.param(
            answer(
                403,
                POD + "[maximum cpu usage per Container is 2, but limit is 4, maximum memory usage "
                "per Container is 2Gi, but limit is 8Gi]",
            ),
            "refuse your server: [maximum cpu usage per Container is 2, but limit is 4, maximum",
            id="LimitRange",
        ),
        pytest.param(
            answer(403, POD + "no PriorityClass with name people was found"),
            "no PriorityClass with name people was found",
            id="PriorityClass",
        ),
        pytest.param(
            answer(
                403, POD + "failed quota: servers: must specify limits.memory for: notebook"
            ),
            "must specify limits.memory for: notebook",
            id="quota that wants more said",
        ),
        pytest.param(
            answer(
                403,
                POD + 'error looking up service account hub/people: serviceaccount "people" not '
                "found",
            ),
            'serviceaccount "people" not found',
            id="service account",
        ),
    ],
)  # fmt: skip
def test_what_an_admission_refuses(error: ApiException, words: str) -> None:
    found = told(error)

    assert words in found.jupyterhub_message
    assert found.jupyterhub_message.startswith("The cluster's rules refuse your server: ")
    assert found.reason == "admission"
    assert 400 <= found.status_code < 500


def test_a_pod_that_is_none_is_told_to_an_admin() -> None:
    found = told(
        answer(
            422,
            'Pod "jupyter-ida" is invalid: spec.containers[0].resources.requests: Invalid value: '
            '"4": must be less than or equal to cpu limit of 2',
            "Invalid",
        )
    )

    assert "Tell an admin: Pod" in found.jupyterhub_message
    assert (found.status_code, found.reason) == (400, "invalid")


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(
            answer(
                403,
                'pods is forbidden: User "system:serviceaccount:hub:hub" cannot create resource '
                '"pods" in API group "" in the namespace "hub"',
            ),
            id="the hub has no right",
        ),
        pytest.param(
            answer(
                403,
                'pods "jupyter-ida" is forbidden: User "system:serviceaccount:hub:hub" cannot '
                'delete resource "pods" in API group "" in the namespace "hub"',
            ),
            id="nor to this one",
        ),
        pytest.param(answer(401, "Unauthorized", "Unauthorized"), id="the hub is nobody"),
        pytest.param(answer(404, 'namespaces "hub" not found', "NotFound"), id="no namespace"),
        pytest.param(answer(429, "too many requests", "TooManyRequests"), id="overload"),
        pytest.param(answer(500, "etcdserver: request timed out", "InternalError"), id="trouble"),
        pytest.param(
            answer(
                500,
                'Internal error occurred: failed calling webhook "mpod.kb.io": failed to call '
                "webhook: connection refused",
                "InternalError",
            ),
            id="a webhook that is away",
        ),
        pytest.param(ApiException(status=503, reason="Service Unavailable"), id="no body"),
    ],
)
def test_what_is_a_failure_of_the_hub_stays_one(error: ApiException) -> None:
    assert of_the_cluster(error, TOKEN) is None


@pytest.mark.parametrize("before", [*range(340, 420, 3)])
def test_no_secret_is_repeated_nor_a_part_of_it(before: int) -> None:
    message = 'admission webhook "verbose.example.org" denied the request: ' + "x" * before + TOKEN

    for status in (400, 403, 422, 500):
        found = told(answer(status, message + " …"))
        assert TOKEN[:6] not in found.jupyterhub_message
        assert TOKEN[:6] not in found.jupyterhub_html_message
        assert TOKEN[:6] not in str(found)


def test_a_secret_that_there_is_not_hides_nothing() -> None:
    found = of_the_cluster(answer(422, "Pod is invalid: a b", "Invalid"), "", TOKEN)

    assert found is not None and "Pod is invalid: a b" in found.jupyterhub_message


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", '{"message": null}', "{", b"\xff"])
def test_an_answer_without_a_message(body: Any) -> None:
    error = ApiException(status=422, reason="Unprocessable Entity")
    error.body = body

    assert "Unprocessable Entity" in told(error).jupyterhub_message


def test_html_in_an_answer_is_text_on_a_page() -> None:
    found = told(
        answer(400, 'admission webhook "w" denied the request: <script>alert("x")</script>')
    )

    assert "<script>" in found.jupyterhub_message  # of JSON, and of pages that escape it
    assert "<script>" not in found.jupyterhub_html_message
    assert "&lt;script&gt;" in found.jupyterhub_html_message


def test_a_percent_sign_is_one() -> None:
    for message in ("100% of it", "%s %d", "%"):
        found = NotStarted(message, reason="quota")
        assert message in str(found)
        assert found.jupyterhub_message == message


def test_a_hub_before_6_is_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterHub 5 has no SpawnException; its pages read the same attributes."""
    monkeypatch.delattr("jupyterhub.spawner.SpawnException")
    spec = importlib.util.spec_from_file_location("refusal_of_5", str(refusal.__file__))
    assert spec is not None and spec.loader is not None
    older = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(older)

    found = older.NotStarted("100% <full>", reason="quota", status_code=403)

    assert older.ALL_COUNT
    assert isinstance(found, HTTPError)
    assert found.status_code == 403
    assert "100% <full>" in str(found)
    assert found.jupyterhub_message == "100% <full>"
    assert found.jupyterhub_html_message == "100% &lt;full&gt;"
