"""What passes from the browser to the service and back, and what does not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jupyter_server.auth.identity import User
from tornado.httpclient import HTTPClientError

from jupyter_challenge.client.forwarding import Answer, Upstream
from jupyter_challenge.core.errors import Unavailable

from .conftest import Ask, said

VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
ROUTES = [
    *("api/v1/me", "api/v1/submissions", "submit", "inspect", "get", "get/0123abcd", "open"),
    *("compare", "copy", "example", "publish", "create", "dates", "export", "storage"),
]


async def test_the_service_answers(ask: Ask) -> None:
    answer = await ask("GET", "api/v1/me")
    assert answer.code == 200
    assert said(answer)["place"] == "embedded"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_these_are_all_routes(jp_serverapp: Any) -> None:
    (extension,) = jp_serverapp.extension_manager.extension_apps["jupyter_challenge"]
    prefix = "/jupyter-challenge/"
    mine = [each[0] for each in extension.handlers if each[0].startswith(prefix)]
    known = {route: [each for each in mine if _leads(each, prefix + route)] for route in ROUTES}

    assert {len(patterns) for patterns in known.values()} == {1}, known
    assert {pattern for patterns in known.values() for pattern in patterns} == set(mine)


@pytest.mark.parametrize("path", ROUTES)
async def test_who_is_not_signed_in_is_refused(
    path: str, http_server_client: Any, jp_base_url: str
) -> None:
    url = f"{jp_base_url}jupyter-challenge/{path}"
    answers = {
        verb: await _code(http_server_client, url, method=verb, body=_body(verb)) for verb in VERBS
    }

    # 405 is what Tornado says of a verb that the handler does not have; it ran nothing either.
    assert {verb: code for verb, code in answers.items() if code not in {403, 405}} == {}
    assert 403 in answers.values()
    if path.startswith("api/v1/"):
        assert set(answers.values()) == {403}


@pytest.mark.parametrize("path", ROUTES)
async def test_who_is_signed_in_but_visits_a_hubs_server_is_refused(
    path: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "someone-else")
    answers = {verb: await ask(verb, path) for verb in VERBS}

    assert {verb: answer.code for verb, answer in answers.items()} == dict.fromkeys(VERBS, 403)
    for verb in set(VERBS) - {"HEAD"}:
        assert said(answers[verb])["error"]["code"] == "forbidden"
        assert "Only someone-else" in said(answers[verb])["error"]["message"]


async def test_the_owner_of_a_hubs_server_takes_part(
    ask: Ask, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = said(await ask("GET", "api/v1/me"))
    identity = jp_serverapp.identity_provider
    monkeypatch.setattr(identity, "generate_anonymous_user", lambda handler: User("the-owner"))
    monkeypatch.setenv("JUPYTERHUB_USER", "the-owner")

    assert said(await ask("GET", "api/v1/me")) == me


async def test_a_signed_in_page_of_another_site_cannot_post(
    http_server_client: Any, jp_base_url: str, jp_serverapp: Any
) -> None:
    signed_in = await http_server_client.fetch(
        f"{jp_base_url}api/status?token={jp_serverapp.identity_provider.token}"
    )
    cookies = "; ".join(c.split(";")[0] for c in signed_in.headers.get_list("Set-Cookie"))
    url, headers = f"{jp_base_url}jupyter-challenge/api/v1/me", {"Cookie": cookies}
    assert await _code(http_server_client, url, headers=headers) == 200
    url = f"{jp_base_url}jupyter-challenge/get"
    assert await _code(http_server_client, url, method="POST", body="{}", headers=headers) == 403


async def test_errors_arrive_as_the_service_wrote_them(ask: Ask) -> None:
    answer = await ask("GET", "api/v1/challenges/there-is-none")
    assert answer.code == 404
    assert said(answer)["error"]["code"] == "not_found"


async def test_an_etag_saves_the_body(ask: Ask, tiny: str) -> None:
    first = await ask("GET", "api/v1/challenges/tiny")
    again = await ask(
        "GET", "api/v1/challenges/tiny", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.code, again.body) == (304, b"")


async def test_a_file_comes_as_an_attachment_that_cannot_run(ask: Ask, tiny: str) -> None:
    answer = await ask("GET", "api/v1/challenges/tiny/files/input/test.csv")
    assert answer.body.startswith(b"id,x\n")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_a_path_stays_encoded(
    http_server_client: Any,
    jp_base_url: str,
    jp_auth_header: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = _answering(monkeypatch, Answer(200, {"content-type": "application/json"}, b"{}"))
    url = f"{jp_base_url}jupyter-challenge/api/v1/challenges/a%2Fb?q=x%20y"
    await http_server_client.fetch(url, headers=jp_auth_header)
    assert asked[0]["path"].endswith("/challenges/a%2Fb")
    assert asked[0]["query"] == "q=x%20y"


async def test_nothing_that_a_browser_would_run_is_shown(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content_type in ("text/html", "image/svg+xml", "application/xhtml+xml", "Text/HTML; a=b"):
        page = b"<script>alert(1)</script>"
        _answering(monkeypatch, Answer(200, {"content-type": content_type}, page))
        answer = await ask("GET", "api/v1/me")
        assert answer.headers["Content-Disposition"] == "attachment", content_type
        assert answer.headers["Content-Security-Policy"].startswith("sandbox"), content_type


async def test_a_redirect_is_not_followed(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    _answering(monkeypatch, Answer(302, {"location": "https://example.org/"}, b""))
    answer = await ask("GET", "api/v1/me")
    assert answer.code == 503
    assert "Location" not in answer.headers


async def test_a_service_that_is_away(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any, **__: Any) -> Answer:
        raise Unavailable("It is away.", hint="Wait.")

    monkeypatch.setattr(Upstream, "request", away)
    answer = await ask("GET", "api/v1/me")
    assert answer.code == 503
    assert said(answer)["error"] == {
        "code": "unavailable",
        "message": "It is away.",
        "hint": "Wait.",
        "details": {},
    }


def _leads(pattern: str, path: str) -> bool:
    return re.fullmatch(pattern, path) is not None


def _body(verb: str) -> str | None:
    return "{}" if verb in {"POST", "PUT", "PATCH"} else None


async def _code(client: Any, url: str, **options: Any) -> int:
    try:
        return (await client.fetch(url, **options)).code
    except HTTPClientError as error:
        return error.code


def _answering(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> list[dict[str, Any]]:
    """Let the service answer what a real one of ours never would; return what it is asked."""
    asked: list[dict[str, Any]] = []

    async def request(
        self: Upstream, method: str, path: str, query: str = "", *_: Any, **__: Any
    ) -> Answer:
        asked.append({"method": method, "path": path, "query": query})
        return answer

    monkeypatch.setattr(Upstream, "request", request)
    return asked
