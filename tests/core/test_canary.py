"""Planted words: each is known by its digest, however it is written."""

from __future__ import annotations

import base64
import json

from jupyter_challenge.core import canary

SECRET = canary.fresh()
WORDS = {place: canary.word(SECRET, place) for place in canary.PLACES}
SOUGHT = canary.sought(SECRET)


def test_each_place_has_a_word_of_its_own() -> None:
    assert len(set(WORDS.values())) == len(canary.PLACES)
    assert WORDS[canary.SECRET] == SECRET
    assert canary.fresh() != SECRET


def test_words_are_seen_wherever_they_are() -> None:
    for place, word in WORDS.items():
        assert canary.seen(f"id,label\n1,{word}\n".encode(), SOUGHT) == {place}
    assert canary.seen(" ".join(WORDS.values()).encode(), SOUGHT) == set(WORDS)


def test_a_secret_is_seen_as_the_api_server_shows_it() -> None:
    data = {"word": base64.b64encode(SECRET.encode()).decode()}
    assert canary.seen(json.dumps({"data": data}).encode(), SOUGHT) == {canary.SECRET}


def test_other_words_and_digests_are_none() -> None:
    other = canary.fresh()
    said = f"{other} canary {json.dumps(SOUGHT)} {base64.b64encode(other.encode()).decode()}"
    assert canary.seen(said.encode(), SOUGHT) == set()


def test_no_word_is_longer_than_is_said() -> None:
    longest = max(len(word) for word in WORDS.values())
    assert len(base64.b64encode(bytes(longest))) <= canary.LONGEST
