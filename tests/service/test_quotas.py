"""Quotas: what counts, what does not, and that nobody gets past one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest

from jupyter_challenge.core.challenge import Phase, Quota
from jupyter_challenge.core.errors import QuotaExceeded
from jupyter_challenge.service.quotas import check_quota, day_of
from jupyter_challenge.store.submissions import Usage
from tests.service.world import World

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)

DAYS = {
    "UTC": ("UTC", NOON, "2026-07-01T00:00", "2026-07-02T00:00"),
    "east of Greenwich": ("Europe/Zurich", NOON, "2026-06-30T22:00", "2026-07-01T22:00"),
    "tomorrow already there": (
        "Pacific/Auckland",
        NOON,
        "2026-07-01T12:00",
        "2026-07-02T12:00",
    ),
    "a day of 23 hours": (
        "Europe/Zurich",
        datetime(2026, 3, 29, 12, tzinfo=timezone.utc),
        "2026-03-28T23:00",
        "2026-03-29T22:00",
    ),
}


@pytest.mark.parametrize("name", DAYS)
def test_the_day_is_the_phases(name: str) -> None:
    zone, now, begin, end = DAYS[name]
    found = day_of(Phase(id="main", zone=zone), now)
    assert [each.strftime("%Y-%m-%dT%H:%M") for each in found] == [begin, end]


QUOTA = Quota(per_day=2, total=3, failures_per_day=1, concurrent=2)
OVER = {
    "today": (Usage(today=2, total=2), "per_day", "2026-07-02T00:00:00+00:00"),
    "in all": (Usage(today=0, total=3), "total", None),
    "failures": (Usage(failures_today=1), "failures_per_day", "2026-07-02T00:00:00+00:00"),
    "failures that may yet come": (Usage(active=1, active_today=1), "failures_per_day", None),
    "at once": (Usage(active=2), "concurrent", None),
}


@pytest.mark.parametrize("name", OVER)
def test_each_quota_is_refused_by_name_with_the_time_of_the_next(name: str) -> None:
    usage, quota, next_at = OVER[name]
    with pytest.raises(QuotaExceeded) as refused:
        check_quota(Phase(id="main", quota=QUOTA), usage, NOON)
    assert refused.value.details == {"quota": quota, "next_at": next_at}


def test_there_is_no_next_time_after_the_end_of_the_phase() -> None:
    phase = Phase(id="main", quota=QUOTA, end=datetime(2026, 7, 1, 20, tzinfo=timezone.utc))
    with pytest.raises(QuotaExceeded) as refused:
        check_quota(phase, Usage(today=2, total=2), NOON)
    assert refused.value.details["next_at"] is None


def quota_of(make_world: Callable[..., World], **quota: int) -> World:
    world = make_world()
    world.publish(phases=[{"id": "main", "quota": {"concurrent": 50, **quota}}])
    world.user("ana").enter()
    return world


COUNTS = {
    "a scored one": ({"public": 1.0}, 4, 3),
    "an own failure": ({"fail": "cell_error"}, 5, 2),
    "the organiser's failure": ({"fail": "evaluator_error"}, 5, 3),
    "the platform's failure, twice": ({"fail": "output_lost"}, 5, 3),
}


@pytest.mark.parametrize("name", COUNTS)
def test_what_counts(make_world: Callable[..., World], name: str) -> None:
    said, left, failures_left = COUNTS[name]
    world = quota_of(make_world, per_day=5, total=9, failures_per_day=3)
    ana = world.user("ana")
    ana.submitted(**said)
    found = ana.quota()
    assert (found["left_today"], found["failures_left_today"]) == (left, failures_left)
    assert found["left_total"] == left + 4


def test_cancelled_before_it_ran_gives_the_quota_back(make_world: Callable[..., World]) -> None:
    world = make_world(runs=False)
    world.publish(phases=[{"id": "main", "quota": {"per_day": 2}}])
    ana = world.user("ana")
    ana.enter()
    waiting = ana.submit(public=1)
    assert ana.quota()["left_today"] == 1
    assert ana.ask("POST", f"/submissions/{waiting['id']}/cancel")["state"] == "cancelled"
    assert ana.quota()["left_today"] == 2


def test_cancelled_while_it_ran_counts(make_world: Callable[..., World]) -> None:
    world = quota_of(make_world, per_day=2)
    ana = world.user("ana")
    running = ana.submit(sleep=60)
    world.until(lambda: ana.show(running["id"])["state"] == "running")
    ana.ask("POST", f"/submissions/{running['id']}/cancel")
    assert ana.finished(running["id"])["state"] == "cancelled"
    assert ana.quota()["left_today"] == 1


def test_failures_have_a_quota_of_their_own(make_world: Callable[..., World]) -> None:
    world = quota_of(make_world, per_day=5, failures_per_day=1)
    ana = world.user("ana")
    ana.submitted(fail="cell_error")
    refused = ana.submit(429, public=1)
    assert refused["error"]["details"]["quota"] == "failures_per_day"
    assert refused["error"]["details"]["next_at"]
    assert ana.quota()["blocked"]["code"] == "quota_exceeded"


def test_runs_at_work_hold_the_places_of_their_failures(make_world: Callable[..., World]) -> None:
    world = quota_of(make_world, failures_per_day=2)
    ana = world.user("ana")
    ana.submitted(fail="cell_error")
    running = ana.submit(sleep=60)
    refused = ana.submit(429, public=1)["error"]
    assert refused["details"] == {"quota": "failures_per_day", "next_at": None}
    assert ana.quota()["failures_left_today"] == 1
    # What does not fail gives its place back.
    ana.ask("POST", f"/submissions/{running['id']}/cancel")
    ana.finished(running["id"])
    ana.submitted(public=1)


def test_of_fifty_at_once_no_more_may_fail(make_world: Callable[..., World]) -> None:
    world = make_world(runs=False)
    world.publish(phases=[{"id": "main", "quota": {"failures_per_day": 2, "concurrent": 50}}])
    ana = world.user("ana")
    ana.enter()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: ana.hand_in(fail="cell_error"), range(50)))
    assert sorted(each.status_code for each in answers) == [201] * 2 + [429] * 48
    ids = [each.json()["id"] for each in answers if each.status_code == 201]
    for each in ids:
        assert ana.finished(each)["state"] == "failed"
    assert ana.quota()["failures_left_today"] == 0


def test_only_so_many_at_once(make_world: Callable[..., World]) -> None:
    world = quota_of(make_world, concurrent=1)
    ana = world.user("ana")
    first = ana.submit(sleep=60)
    assert ana.submit(429, public=1)["error"]["details"]["quota"] == "concurrent"
    ana.ask("POST", f"/submissions/{first['id']}/cancel")
    ana.finished(first["id"])
    ana.submit(public=1)


def test_a_new_version_does_not_give_a_new_quota(make_world: Callable[..., World]) -> None:
    world = quota_of(make_world, per_day=2)
    ana = world.user("ana")
    ana.submitted(public=1)
    world.publish(
        title="Tiny again", phases=[{"id": "main", "quota": {"concurrent": 50, "per_day": 2}}]
    )
    assert ana.quota()["left_today"] == 1


def test_of_fifty_at_once_one_gets_the_last(make_world: Callable[..., World], db_url: str) -> None:
    world = make_world(db_url=db_url, runs=False)
    world.publish(phases=[{"id": "main", "quota": {"per_day": 3, "concurrent": 50}}])
    ana = world.user("ana")
    ana.enter()
    ana.submit(public=1)
    ana.submit(public=1)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: ana.hand_in(public=n / 100), range(50)))
    codes = [each.status_code for each in answers]
    assert (codes.count(201), codes.count(429)) == (1, 49), codes
    assert all(each.json()["error"]["details"]["next_at"] for each in answers if each.is_error)
    page = ana.ask("GET", "/submissions")
    assert sorted(each["number"] for each in page["items"]) == [1, 2, 3]
