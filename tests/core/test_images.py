"""Names of images: what is pinned, what is refused with a reason, what is allowed."""

from __future__ import annotations

import pytest

from jupyter_challenge.core.images import allowed, behind, pinned

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


SEEN = {
    "a tag": (f"{MODEL}:1", f"{MODEL}@{DIGEST}", True),
    "no tag": (MODEL, f"{MODEL}@{DIGEST}", True),
    "as Docker says it": (f"{MODEL}:1", f"docker-pullable://{MODEL}@{DIGEST}", True),
    "a port": ("10.0.0.7:5000/model:1", f"10.0.0.7:5000/model@{DIGEST}", True),
    "capitals": ("Registry.example.ORG/team/model:1", f"{MODEL}@{DIGEST}", True),
    "Docker Hub's": ("team/model:1", f"docker.io/team/model@{DIGEST}", True),
    "Docker Hub's own": ("model", f"docker.io/library/model@{DIGEST}", True),
    "a digest already": (f"{MODEL}@{DIGEST}", f"{MODEL}@{DIGEST}", False),
    "another repository": (f"{MODEL}:1", f"registry.example.org/other/model@{DIGEST}", False),
    "another registry": ("team/model:1", f"{MODEL}@{DIGEST}", False),
    "a node's own id": (f"{MODEL}:1", DIGEST, False),
    "nothing yet": (f"{MODEL}:1", "", False),
}


@pytest.mark.parametrize("case", SEEN)
def test_what_a_name_stood_for_is_told_where_others_could_ask_for_it(case: str) -> None:
    name, told, known = SEEN[case]
    assert behind(name, told) == (told.rpartition("://")[2] if known else None)
