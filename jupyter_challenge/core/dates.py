"""Put other dates into the text of a challenge.yaml and leave every other character alone.

The text is edited at the places where the YAML parser found the values. What came out is read
again: where it says anything else than what was asked for, the edit is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml

from jupyter_challenge.core.challenge import Challenge, Phase
from jupyter_challenge.core.errors import ChallengeError, Conflict, InvalidChallenge
from jupyter_challenge.core.models import PhaseDates
from jupyter_challenge.core.validation import read_challenge

Key = Literal["start", "end", "reveal"]
_KEYS: tuple[Key, ...] = ("start", "end", "reveal")
_ANCHORED = re.compile(r"&[^\s,\[\]{}]+\s*")
_ALIAS = re.compile(r"\s*:\s*(\*[^\s,\[\]{}]+)")
_BOM = "\ufeff"


def with_dates(text: str, wanted: Mapping[str, PhaseDates]) -> str:
    """Return the text with other dates; comments, order and spelling of all else stay.

    Args:
        text: Of a challenge.yaml that is well.
        wanted: Dates by the id of their phase; fields that are not set stay as they are.

    Raises:
        InvalidChallenge: With these dates it is not well; every mistake is listed.
        Conflict: The file is written in a way that is left to its author.
        ChallengeError: There is no such phase.
    """
    start = _BOM if text.startswith(_BOM) else ""
    body = text.removeprefix(_BOM)
    before = read_challenge(body)
    for name in wanted:
        if before.phase(name) is None:
            raise ChallengeError(
                f'The challenge has no phase "{name}".',
                hint=f"Its phases: {', '.join(each.id for each in before.phases)}.",
            )
    _check_order(before, wanted)
    changed = body
    for name, dates in wanted.items():
        phase = before.phase(name)
        assert phase is not None
        for key, value in _values(phase, dates).items():
            changed = _put(changed, name, key, value)
    if changed == body:
        return text
    try:
        after = read_challenge(changed)
    except InvalidChallenge as error:
        if _is_ours(error):
            raise
        raise _left_to_author() from error
    if not _as_asked(before, after, wanted):
        raise _left_to_author()
    return start + changed


def dates_of(phase: Phase) -> PhaseDates:
    """The dates that a phase has, as one asks for them."""
    reveal = phase.reveal
    return PhaseDates(
        id=phase.id,
        starts_at=phase.starts_at,
        ends_at=phase.ends_at,
        **({} if phase.split is None else {"reveals_at": _reveal(phase, reveal)}),
    )


def _reveal(phase: Phase, reveal: Any) -> Any:
    return phase.reveals_at if isinstance(reveal, datetime) else reveal


def _check_order(challenge: Challenge, wanted: Mapping[str, PhaseDates]) -> None:
    """Refuse, at its field, what cannot be meant."""
    problems = []

    def wrong(name: str, message: str, fix: str) -> None:
        place = {"file": "challenge.yaml", "line": 0, "column": 0, "phase": name}
        problems.append({**place, "message": message, "fix": fix})

    for name, dates in wanted.items():
        phase = challenge.phase(name)
        assert phase is not None
        given = dates.model_fields_set
        start = _aware(dates.starts_at) if "starts_at" in given else phase.starts_at
        end = _aware(dates.ends_at) if "ends_at" in given else phase.ends_at
        reveal = dates.reveals_at if "reveals_at" in given else _reveal(phase, phase.reveal)
        if start is not None and end is not None and end <= start:
            wrong(name, f"{phase.label} would end before it starts", "let it end later")
        if phase.split is None:
            if dates.reveals_at not in (None, "never") and "reveals_at" in given:
                wrong(name, f"{phase.label} has no private board to reveal", "leave it out")
            continue
        if reveal == "end" and end is None:
            message = f"the private board of {phase.label} opens at an end that there is not"
            wrong(name, message, "give the phase an end, or choose another time or never")
        if isinstance(reveal, datetime) and end is not None and _aware(reveal) < end:
            message = f"the private board of {phase.label} would open before the phase ends"
            wrong(name, message, "reveal it at the end or later: it shows how the rest is scored")
    if problems:
        first, fix = str(problems[0]["message"]), str(problems[0]["fix"])
        raise InvalidChallenge(
            f"{first[0].upper()}{first[1:]}.",
            hint=f"{fix[0].upper()}{fix[1:]}.",
            problems=problems,
        )


def _aware(at: datetime | None) -> Any:
    return at.replace(tzinfo=timezone.utc) if at is not None and at.tzinfo is None else at


def _same(one: datetime | None, other: datetime | None) -> bool:
    """Whether two times are one instant; Python calls no two equal while clocks go back."""
    if one is None or other is None:
        return one is other
    return bool(_aware(one).timestamp() == _aware(other).timestamp())


def _values(phase: Phase, dates: PhaseDates) -> dict[Key, str | None]:
    """What has to be written: only what is another instant than now."""
    given = dates.model_fields_set
    found: dict[Key, str | None] = {}
    if "starts_at" in given and not _same(dates.starts_at, phase.starts_at):
        found["start"] = _written(phase, dates.starts_at)
    if "ends_at" in given and not _same(dates.ends_at, phase.ends_at):
        found["end"] = _written(phase, dates.ends_at)
    if "reveals_at" in given and phase.split is not None:
        wanted = "never" if dates.reveals_at is None else dates.reveals_at
        if isinstance(wanted, datetime):
            if not isinstance(phase.reveal, datetime) or not _same(wanted, phase.reveals_at):
                found["reveal"] = _written(phase, wanted)
        elif wanted != phase.reveal:
            found["reveal"] = wanted
    return found


def _written(phase: Phase, at: datetime | None) -> str | None:
    """An instant as one writes it: in the phase's zone, or in UTC where the clocks go back."""
    if at is None:
        return None
    utc: datetime = _aware(at).astimezone(timezone.utc).replace(microsecond=0)
    zone = ZoneInfo(phase.zone)
    local = utc.astimezone(zone).replace(tzinfo=None, fold=0)  # as a file says it
    detail = "seconds" if utc.second else "minutes"
    if local.replace(tzinfo=zone).astimezone(timezone.utc) == utc:
        return local.isoformat(timespec=detail)
    return utc.replace(tzinfo=None).isoformat(timespec=detail) + "Z"


def _put(text: str, phase_id: str, key: Key, value: str | None) -> str:
    """Write, replace or remove one value of one phase."""
    phase = _phase_node(text, phase_id)
    for key_node, value_node in phase.value:
        if key_node.value == key:
            if value is None:
                return _without(text, phase, key_node, value_node)
            begin, stop = _span(text, key_node, value_node)
            quote = text[begin] if text[begin : begin + 1] in {"'", '"'} else ""
            gap = " " if text[begin - 1] == ":" else ""
            # A value over several lines ends where the next line begins.
            end = "\n" if text[begin:stop].endswith("\n") else ""
            return f"{text[:begin]}{gap}{quote}{value}{quote}{end}{text[stop:]}"
    return text if value is None else _with(text, phase, key, value)


def _phase_node(text: str, phase_id: str) -> yaml.MappingNode:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    named = root.value if isinstance(root, yaml.MappingNode) else []
    phases = next((value for key, value in named if key.value == "phases"), None)
    for node in phases.value if isinstance(phases, yaml.SequenceNode) else []:
        if isinstance(node, yaml.MappingNode):
            ids = [value.value for key, value in node.value if key.value == "id"]
            if ids == [phase_id]:
                return node
    raise _left_to_author()


def _span(text: str, key: yaml.Node, value: yaml.Node) -> tuple[int, int]:
    """Where a value stands; an alias stands where it is used, not where it points to."""
    if value.start_mark.index < key.end_mark.index:
        found = _ALIAS.match(text, key.end_mark.index)
        if found is None:
            raise _left_to_author()
        return found.span(1)
    begin, stop = value.start_mark.index, value.end_mark.index
    anchored = _ANCHORED.match(text, begin)
    return (anchored.end() if anchored else begin), stop


def _without(text: str, phase: yaml.MappingNode, key: yaml.Node, value: yaml.Node) -> str:
    """Take a key out, with its line where it has one of its own."""
    stop = _span(text, key, value)[1]
    if phase.flow_style:
        before, after = text[: key.start_mark.index], text[stop:]
        if after.lstrip().startswith(","):
            return before + after.lstrip()[1:].lstrip()
        return before.rstrip().removesuffix(",") + after
    begin = text.rfind("\n", 0, key.start_mark.index) + 1
    line_end = text.find("\n", stop)
    line_end = len(text) if line_end < 0 else line_end + 1
    lead = text[begin : key.start_mark.index]
    if lead.strip():
        # The first key stands behind the hyphen: the next one moves up there.
        return text[: key.start_mark.index] + text[line_end:].lstrip()
    return text[:begin] + text[line_end:]


def _with(text: str, phase: yaml.MappingNode, key: Key, value: str) -> str:
    """Add a key behind the last one of those that it belongs to."""
    nodes = {k.value: (k, v) for k, v in phase.value}
    near = [*reversed(_KEYS[: _KEYS.index(key)]), "title", "id"]
    at_key, at_value = next(nodes[name] for name in near if name in nodes)
    stop = _span(text, at_key, at_value)[1]
    if phase.flow_style:
        return f"{text[:stop]}, {key}: {value}{text[stop:]}"
    line_end = text.find("\n", stop)
    ending = "\r\n" if "\r\n" in text else "\n"
    line = f"{' ' * at_key.start_mark.column}{key}: {value}{ending}"
    if line_end < 0:
        return f"{text}{ending}{line}"
    return f"{text[: line_end + 1]}{line}{text[line_end + 1 :]}"


def _as_asked(before: Challenge, after: Challenge, wanted: Mapping[str, PhaseDates]) -> bool:
    """Whether nothing but the wanted dates is another one."""

    def rest(challenge: Challenge) -> Any:
        said = challenge.model_dump(mode="json")
        for phase in said["phases"]:
            if phase["id"] in wanted:
                for key in _KEYS:
                    phase.pop(key)
        return said

    if rest(before) != rest(after):
        return False
    for name, dates in wanted.items():
        old, new = before.phase(name), after.phase(name)
        if old is None or new is None or _values(new, dates):
            return False
        given = dates.model_fields_set
        if "starts_at" not in given and not _same(old.starts_at, new.starts_at):
            return False
        if "ends_at" not in given and not _same(old.ends_at, new.ends_at):
            return False
        if "reveals_at" not in given and old.reveal != new.reveal:
            return False
    return True


def _is_ours(error: InvalidChallenge) -> bool:
    """Whether the mistake is of the dates and not of how they were written."""
    problems = error.details.get("problems", [])
    return bool(problems) and not any("YAML" in str(each.get("message")) for each in problems)


def _left_to_author() -> Conflict:
    return Conflict(
        "The dates of this challenge.yaml are written in a way that only its author can change.",
        hint="Write the dates into the file yourself and publish the folder.",
    )
