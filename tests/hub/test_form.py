"""The form: what it says of each profile, to whom, and that nothing in it is anybody's HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from jupyter_challenge.core.compute import Catalogue
from jupyter_challenge.hub import form, profiles
from jupyter_challenge.hub.capacity import Availability

EVIL = "\"><script>alert('x')</script><b a=\""


class Page(HTMLParser):
    """The elements of a page, and the text in those with an id."""

    VOID = frozenset({"input"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: dict[str, str] = {}
        self.all = ""
        self._open: list[str] = []
        self.feed(source)
        assert self._open == [], "each element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.elements.append((tag, said))
        if tag not in self.VOID:
            self._open.append(said.get("id", ""))

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for id in filter(None, self._open):
            self.text[id] = " ".join(f"{self.text.get(id, '')} {data}".split())
        self.all += data

    def of(self, tag: str) -> list[dict[str, str]]:
        return [said for name, said in self.elements if name == tag]


def catalogue(*found: dict[str, Any]) -> Catalogue:
    return Catalogue.model_validate({"profiles": list(found)})


GPU = {"vendor": "nvidia", "count": 2}
SLICE = {"vendor": "nvidia", "resource": "nvidia.com/mig-1g.10gb", "sharing": "mig"}
FARM = catalogue(
    {"id": "cpu", "name": "CPU", "description": "For most things", "cpu": 1, "memory": "2 GiB"},
    {"id": "gpu", "name": "Two H100", "accelerator": GPU, "cpu": 1.5, "memory": "512 MiB",
     "max_lifetime": "8 h", "idle_timeout": "1 h", "queue": "notebooks"},
    {"id": "slice", "name": "Slice", "accelerator": SLICE, "groups": ["vision"],
     "denied": "Ask the vision team."},
    {"id": "secret", "name": "Hidden", "groups": ["staff"]},
)  # fmt: skip
FREE = Availability(True, 3, 8)


def shown(
    said: Catalogue = FARM, groups: tuple[str, ...] = (), how: Any = FREE, **more: str
) -> tuple[form.Form, Page]:
    usable = said.usable_by(groups)
    found = form.form(said, usable, {each.id: how for each in usable}, **more)
    return found, Page(form.rendered(found))


def test_a_radio_is_named_by_its_profile_and_described_by_how_it_stands() -> None:
    _, page = shown()

    radios = page.of("input")
    assert [each["value"] for each in radios] == ["cpu", "gpu"]
    ids = [said["id"] for _, said in page.elements if "id" in said]
    assert len(ids) == len(set(ids))
    for radio in radios:
        assert (radio["type"], radio["name"]) == ("radio", "profile")
        assert radio["aria-labelledby"] in ids
        assert all(id in ids for id in radio["aria-describedby"].split())
    first = radios[0]
    assert page.text[first["aria-labelledby"]] == "CPU"
    told = " ".join(page.text[id] for id in first["aria-describedby"].split())
    assert told == "3 free now of 8 For most things 1 core, 2 GiB memory"
    assert [each["for"] for each in page.of("label")] == [each["id"] for each in radios]
    assert "Compute profile" in page.all and page.of("fieldset") and page.of("legend")


def test_the_state_is_in_words_and_not_by_colour_alone() -> None:
    for how in (FREE, Availability(True, 0, 0), Availability(False)):
        found, page = shown(how=how)
        assert page.text["challenge-now-cpu"].startswith(found.cards[0].now)
        assert found.cards[0].now


@pytest.mark.parametrize(
    ("how", "state", "now", "more"),
    [
        (Availability(False), "unknown", "What is free is not known at the moment", ""),
        (Availability(True, 1, 1), "free", "1 free now", ""),
        (Availability(True, 3, 8), "free", "3 free now", "of 8"),
        (Availability(True, 0, 0), "busy", "No machine of this kind",
         "the cluster may add one when you start"),
        (Availability(True, 0, 8), "busy", "None free now",
         "it starts only if one gets free within minutes"),
        (Availability(True, 0, 8, queued=True), "busy", "None free now", "you would be the next"),
        (Availability(True, 0, 8, 0, 240.0, queued=True), "busy", "None free now",
         "you would be the next, about 4 minutes"),
        (Availability(True, 0, 8, 1, queued=True), "busy", "None free now, 1 waits",
         "you would be number 2"),
        (Availability(True, 0, 8, 12, 3600.0, queued=True), "busy", "None free now, 12 wait",
         "you would be number 13, about an hour"),
    ],
)  # fmt: skip
def test_how_it_stands_in_words(how: Availability, state: str, now: str, more: str) -> None:
    card = shown(how=how)[0].cards[0]

    assert (card.state, card.now, card.more) == (state, now, more)


@pytest.mark.parametrize(
    ("said", "facts"),
    [
        ({}, []),
        ({"cpu": 1}, ["1 core"]),
        ({"cpu": 0.5}, ["0.5 cores"]),
        ({"cpu": 8, "memory": "1.5 GiB"}, ["8 cores", "1.5 GiB memory"]),
        ({"memory": "3 TiB"}, ["3 TiB memory"]),
        ({"accelerator": {"vendor": "nvidia"}}, ["1 GPU"]),
        ({"accelerator": GPU}, ["2 GPUs"]),
        ({"accelerator": SLICE}, ["1 slice of a GPU"]),
        ({"accelerator": {**SLICE, "count": 3}}, ["3 slices of a GPU"]),
        ({"accelerator": {"vendor": "nvidia", "sharing": "mps"}}, ["1 share of a GPU"]),
        ({"max_lifetime": "1 h"}, ["for up to 1 hour"]),
        ({"max_lifetime": "36 h"}, ["for up to 1.5 days"]),
        ({"idle_timeout": "30 min"}, ["ends after 30 minutes of doing nothing"]),
        ({"idle_timeout": "90 s"}, ["ends after 1.5 minutes of doing nothing"]),
    ],
)
def test_what_a_server_has_in_words(said: dict[str, Any], facts: list[str]) -> None:
    found, _ = shown(catalogue({"id": "it", "name": "It", **said}))

    assert list(found.cards[0].facts) == facts


@pytest.mark.parametrize(
    ("chosen", "checked"),
    [("", "cpu"), ("gpu", "gpu"), ("slice", "cpu"), ("gone", "cpu"), (EVIL, "cpu")],
)
def test_what_one_chose_last_is_chosen_again_if_one_still_may(chosen: str, checked: str) -> None:
    _, page = shown(chosen=chosen)

    assert [each["value"] for each in page.of("input") if "checked" in each] == [checked]
    assert all("required" in each for each in page.of("input"))


def test_profiles_of_others_say_whom_to_ask_if_that_is_written() -> None:
    found, page = shown()

    assert found.others == [("Slice", "Ask the vision team.")]
    assert "Profiles for other groups (1)" in page.all
    assert "Ask the vision team." in page.all
    assert "Hidden" not in page.all
    _, mine = shown(groups=("vision",))
    assert [each["value"] for each in mine.of("input")] == ["cpu", "gpu", "slice"]
    assert "Profiles for other groups" not in mine.all


def test_two_profiles_of_others_may_have_the_same_name() -> None:
    both = [
        {"id": f"gpu-{team}", "name": "GPU", "groups": [team], "denied": f"Ask team {team}."}
        for team in ("a", "b")
    ]

    found, page = shown(catalogue(*both))

    assert len(found.others) == 2
    assert "Ask team a." in page.all and "Ask team b." in page.all


def test_whoever_may_use_none_is_told_so() -> None:
    _, page = shown(catalogue({"id": "vip", "name": "VIP", "groups": ["staff"]}))

    assert page.of("input") == []
    assert "None of the compute profiles is for you." in page.all
    assert [said["role"] for said in page.of("p")] == ["status"]


def test_why_the_last_server_ended_is_read_out() -> None:
    _, page = shown(ended="Your server was ended. It had to make way.")

    assert page.text["challenge-ended"] == "Your server was ended. It had to make way."
    assert page.of("p")[0]["role"] == "status"
    assert "challenge-ended" not in shown()[1].text


def test_nothing_that_anybody_wrote_is_html() -> None:
    evil = catalogue(
        {"id": "it", "name": EVIL, "description": EVIL},
        {"id": "not", "name": EVIL + "2", "groups": ["staff"], "denied": EVIL},
    )

    _, page = shown(evil, ended=EVIL)
    tags = {tag for tag, _ in page.elements}

    assert tags <= {"style", "p", "fieldset", "legend", "label", "input", "span", "details",
                    "summary", "dl", "dt", "dd"}  # fmt: skip
    assert page.all.count(EVIL) == 5


def test_an_id_is_an_id() -> None:
    """Those of profiles are names without spaces, so that `aria-describedby` is a list of ids."""
    for id in ('a"b', "a b", "<a>"):
        with pytest.raises(ValueError, match="id"):
            catalogue({"id": id, "name": "It"})


def test_colours_are_those_of_the_page() -> None:
    style = re.search(r"<style>(.*)</style>", form.rendered(shown()[0]), re.DOTALL)

    assert style is not None
    for rule in re.findall(r"(?:color|background|border)[^:;{]*:([^;]*);", style[1]):
        assert "#" not in rule or re.search(r"var\(--bs-[a-z-]+, #[0-9a-f]{6}\)", rule), rule


# --- what KubeSpawner is told of them


def test_kubespawner_is_offered_what_the_groups_may_use() -> None:
    offered = profiles.offered(FARM, ["vision"])

    assert [(each["slug"], each["default"]) for each in offered] == [
        ("cpu", True), ("gpu", False), ("slice", False),
    ]  # fmt: skip
    tolerations = offered[1]["kubespawner_override"]["tolerations"]
    assert tolerations["challenge-nodes"]["value"] == FARM.nodes_of(FARM.profiles[1])
    assert "tolerations" not in offered[0]["kubespawner_override"]


@pytest.mark.parametrize(
    ("options", "groups", "found"),
    [
        ({}, [], "cpu"),
        ({"profile": ""}, [], "cpu"),
        ({"profile": "gpu"}, [], "gpu"),
        ({"profile": "slice"}, ["vision"], "slice"),
        ({"profile": "slice"}, [], "Slice is not for you. Ask the vision team."),
        ({"profile": "secret"}, [], "Hidden is not for you. It is for members of staff."),
        ({"profile": "nope"}, [], 'There is no compute profile "nope"; you may use cpu, gpu.'),
        (
            {"profile": ["gpu"]},
            [],
            "There is no compute profile \"['gpu']\"; you may use cpu, gpu.",
        ),
    ],
)
def test_what_somebody_asked_for(options: Any, groups: list[str], found: str) -> None:
    chosen = profiles.chosen(FARM, options, groups)

    assert (chosen if isinstance(chosen, str) else chosen.id) == found


def test_whoever_may_use_none_gets_none() -> None:
    staff = catalogue({"id": "vip", "name": "VIP", "groups": ["staff"]})

    for options in ({}, {"profile": "vip"}):
        assert "None of the compute profiles is for you" in str(profiles.chosen(staff, options, []))


def test_a_list_keeps_its_order_as_a_dictionary() -> None:
    found = profiles.keyed("volumes", list(range(12)))

    assert [found[key] for key in sorted(found)] == list(range(12))
    assert profiles.keyed("volumes", found) is found
