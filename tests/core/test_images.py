"""Names of images: what is pinned, what is refused with a reason, what is allowed."""

from __future__ import annotations

import pytest

from jupyter_challenge.core.images import allowed, pinned

DIGEST = "sha256:" + "5a" * 32
MODEL = "registry.example.org/team/model"

WHOLE = {
    "a name with a digest": (f"registry.example.org/team/model@{DIGEST}", None),
    "a port": (f"10.0.0.7:5000/model@{DIGEST}", None),
    "this machine": (f"localhost/model@{DIGEST}", None),
    "a tag beside the digest": (f"{MODEL}:v3@{DIGEST}", f"{MODEL}@{DIGEST}"),
    "a host in capitals": (f"Registry.Example.ORG/team/model@{DIGEST}", f"{MODEL}@{DIGEST}"),
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_whole_name_is_taken(case: str) -> None:
    text, expected = WHOLE[case]
    assert pinned(text) == (expected or text)


REFUSED = {
    "nothing": ("", "not the name"),
    "a tag": ("registry.example.org/team/model:latest", "no digest"),
    "no tag at all": ("registry.example.org/team/model", "no digest"),
    "no registry": (f"team/model@{DIGEST}", "does not name its registry"),
    "one word": (f"model@{DIGEST}", "not the name"),
    "half a digest": ("registry.example.org/model@sha256:5a5a", "not the name"),
    "another kind of digest": (f"registry.example.org/model@md5:{'5a' * 16}", "not the name"),
    "a path upwards": (f"registry.example.org/../secret/model@{DIGEST}", "not the name"),
    "an address": (f"https://registry.example.org/model@{DIGEST}", "not the name"),
    "a name for signing in": (f"me:secret@registry.example.org/model@{DIGEST}", "not the name"),
    "a line more": (f"registry.example.org/model@{DIGEST}\n", "not the name"),
    "very long": (f"registry.example.org/{'a' * 600}@{DIGEST}", "not the name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_whole_name_says_why(case: str) -> None:
    text, said = REFUSED[case]
    with pytest.raises(ValueError, match=said):
        pinned(text)


ALLOWED = {
    "all below a place": ("registry.example.org/teams/*", True),
    "the repository": ("registry.example.org/teams/a/model", True),
    "this one image": (f"registry.example.org/teams/a/model@{DIGEST}", True),
    "all of a registry": ("registry.example.org/*", True),
    "another image": (f"registry.example.org/teams/a/model@sha256:{'0' * 64}", False),
    "a place with the same beginning": ("registry.example.org/team/*", False),
    "a repository with the same beginning": ("registry.example.org/teams/a", False),
    "a registry with the same beginning": ("registry.example/*", False),
    "the end of the name": ("*/model", False),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_is_allowed(case: str) -> None:
    pattern, expected = ALLOWED[case]
    assert allowed(f"registry.example.org/teams/a/model@{DIGEST}", [pattern]) is expected


def test_nothing_is_allowed_where_nobody_allowed_it() -> None:
    assert not allowed(f"registry.example.org/model@{DIGEST}", [])
