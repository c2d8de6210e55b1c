"""What a spawn form costs a hub, at 100 forms a minute, with 10 and with 1,000 servers.

A real JupyterHub with `configure` serves signed-in people; its cluster is pretended, changes 20
times a second and answers from a process of its own. The same hub serves two other forms of the
same profiles in turn with ours: KubeSpawner's stock form as it is where `profile_list` is a
function, which it has to be for profiles of groups; and that form as a text, which is what any
page of a hub costs. The processor time is that of the hub's process alone; what it needs without
any form, mostly for hearing of the changes, is told apart and taken off.
"""

from __future__ import annotations

import os
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx

from benchmarks.pretended_cluster import NAMESPACE, pretended_cluster
from tests.hub.cluster_api import ClusterApi
from tests.hub.local_hub import LocalHub, local_hub

NODES, PODS, CHANGES = 200, 4_000, 20.0
SERVERS = (10, 1_000)
PEOPLE = 10
KINDS = ("text", "stock", "ours")
"""By what the names of people begin with."""
A_MINUTE = 100
"""Forms a minute, of each kind."""
EACH = 25
"""Forms of each kind in a round."""
IDLE = 10.0
AFTERWARDS = 0.02
"""Seconds in which a hub ends what a form began."""
_ROOT = Path(__file__).parent.parent
CATALOGUE = _ROOT / "deploy" / "profiles.yaml"
_CONFIG = """
import sys
sys.path.insert(0, {root!r})
from kubespawner import KubeSpawner
from jupyter_challenge.hub import configure, profiles
from jupyter_challenge.hub.spawner import _form

STOCK = profiles.offered(profiles.catalogue_of({catalogue!r}), ["ml", "vision"])
for each in STOCK:
    for name in ("allowed_groups", "denied"):
        each.pop(name, None)


TEXT = []


async def form(spawner):
    kind = spawner.user.name.partition("-")[0]
    if kind == "stock":
        return spawner._render_options_form(STOCK)
    if kind == "text":
        TEXT[:] = TEXT or [spawner._render_options_form(STOCK)]
        return TEXT[0]
    return await _form(spawner)


c.KubeSpawner.namespace = {namespace!r}
configure(c, catalogue={catalogue!r})
c.ChallengeSpawner.options_form = form
"""


class Measured(NamedTuple):
    """Milliseconds of processor time and of the clock for each form, in one round."""

    cpu: list[float]
    clock: list[float]


def main(rounds: int) -> None:
    """Measure with few servers and with many."""
    rounds = min(rounds, 3)
    few, many = (_measured(servers, rounds) for servers in SERVERS)
    ratios = ", ".join(f"{kind} {many[kind] / few[kind]:.2f}" for kind in KINDS)
    print(
        f"with {SERVERS[1]:,} servers a form costs so many times what it costs with {SERVERS[0]}: "
        f"{ratios} (load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)",
        flush=True,
    )


def _measured(servers: int, rounds: int) -> dict[str, float]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-forms-") as name,
        pretended_cluster(
            str(CATALOGUE), nodes=NODES, pods=PODS, servers=servers, changes=CHANGES
        ) as url,
    ):
        os.environ["KUBECONFIG"] = str(ClusterApi(url=url).kubeconfig(Path(name, "kubeconfig")))
        config = _CONFIG.format(root=str(_ROOT), catalogue=str(CATALOGUE), namespace=NAMESPACE)
        with local_hub(Path(name, "hub"), config) as hub:
            everybody = [f"ours-{number}" for number in range(servers)]
            for at in range(0, servers, 50):
                hub.ask("POST", "/users", json={"usernames": everybody[at : at + 50]})
            browsers = {
                kind: [_signed_in(hub, f"{kind}-{number}") for number in range(PEOPLE)]
                for kind in KINDS
            }
            try:
                return _in_turn(hub, servers, browsers, rounds)
            finally:
                for each in browsers.values():
                    for browser in each:
                        browser.close()


def _in_turn(
    hub: LocalHub, servers: int, browsers: Mapping[str, Sequence[httpx.Client]], rounds: int
) -> dict[str, float]:
    began = _cpu(hub)
    for each in browsers.values():
        for browser in each:
            _form_of(browser)
    assert " free now" in _form_of(browsers["ours"][0])
    print(
        f"-- {servers:,} servers: all that the cluster holds was listed, and "
        f"{len(browsers) * PEOPLE} forms served, for {_cpu(hub) - began:.2f} s of processor time",
        flush=True,
    )
    idle, found = [], {kind: Measured([], []) for kind in browsers}
    for _ in range(rounds):
        before, at = _cpu(hub), time.perf_counter()
        time.sleep(IDLE)
        idle.append((_cpu(hub) - before) / (time.perf_counter() - at))
        for number in range(EACH):
            for kind, each in browsers.items():
                _once(hub, each[number % PEOPLE], idle[-1], found[kind])
    watching = statistics.median(idle)
    medians = {kind: statistics.median(each.cpu) for kind, each in found.items()}
    for kind, measured in found.items():
        cuts = statistics.quantiles(measured.cpu, n=20)
        print(
            f"{kind:>5}: {medians[kind]:5.1f} ms of processor time a form, p95 {cuts[18]:.1f}; on "
            f"the clock {statistics.median(measured.clock):.1f} ms, n {len(measured.cpu)}; "
            f"{medians[kind] / medians['stock']:.2f} x stock",
            flush=True,
        )
    mean = statistics.fmean(found["ours"].cpu)
    share = watching + A_MINUTE / 60 * mean / 1000
    print(
        f"hearing of {CHANGES:.0f} changes a second takes {watching:.1%} of a core; with "
        f"{A_MINUTE} forms a minute of ours {share:.1%} (goal: one core: "
        f"{'met' if share < 1 else 'MISSED'})",
        flush=True,
    )
    _flood(hub, browsers["ours"])
    return medians


def _once(hub: LocalHub, browser: httpx.Client, idle: float, to: Measured) -> None:
    """Serve one form, at a pace at which little of what was counted is still fresh."""
    before, at = _cpu(hub), time.perf_counter()
    _form_of(browser)
    took = time.perf_counter() - at
    time.sleep(AFTERWARDS)
    passed = time.perf_counter() - at
    to.cpu.append(1000 * (_cpu(hub) - before - idle * passed))
    to.clock.append(1000 * took)
    time.sleep(max(0.0, 60 / A_MINUTE / len(KINDS) - passed))


def _flood(hub: LocalHub, browsers: Sequence[httpx.Client]) -> None:
    """All of them reload as fast as they can."""
    done: list[int] = []

    def reload(browser: httpx.Client) -> None:
        end = time.perf_counter() + 5
        while time.perf_counter() < end:
            _form_of(browser)
            done.append(1)

    before, at = _cpu(hub), time.perf_counter()
    threads = [threading.Thread(target=reload, args=(each,)) for each in browsers[:4]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cpu, passed = _cpu(hub) - before, time.perf_counter() - at
    print(
        f"as fast as four browsers ask: {60 * len(done) / passed:,.0f} forms a minute, for "
        f"{cpu / passed:.0%} of a core, all counted ({60 * len(done) / cpu:,.0f} for a whole one)",
        flush=True,
    )


def _form_of(browser: httpx.Client) -> str:
    answer = browser.get("/hub/spawn")
    assert answer.status_code == 200 and 'name="profile"' in answer.text, answer.text
    return answer.text


def _signed_in(hub: LocalHub, user: str) -> httpx.Client:
    """A browser that asks the hub itself: its proxy is another process, and another cost."""
    browser = httpx.Client(base_url=hub.api_url.removesuffix("/hub/api"), timeout=60)
    xsrf = re.search(r'name="_xsrf" value="([^"]+)"', browser.get("/hub/login").text)
    assert xsrf is not None
    sent = {"username": user, "password": "any", "_xsrf": xsrf[1]}
    answer = browser.post("/hub/login", data=sent)
    assert answer.status_code == 302, answer.text
    return browser


def _cpu(hub: LocalHub) -> float:
    """Seconds for which a core worked for the hub's threads, to the microsecond, on Linux."""
    assert hub.process is not None
    tasks = Path(f"/proc/{hub.process.pid}/task").glob("*/schedstat")
    return sum(int(stat.read_text().split()[0]) for stat in tasks) / 1e9
