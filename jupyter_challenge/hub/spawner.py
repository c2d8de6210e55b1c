"""`ChallengeSpawner`: KubeSpawner whose users pick a compute profile and know where they stand."""

from __future__ import annotations

import asyncio
import copy
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

from kubernetes_asyncio.client.exceptions import ApiException
from kubespawner import KubeSpawner
from traitlets import Dict, Float, Unicode, default

from jupyter_challenge.core.compute import Catalogue, ComputeProfile
from jupyter_challenge.core.compute.rendering import Manifest, devices
from jupyter_challenge.core.storage.rendering import environment
from jupyter_challenge.hub import form, profiles, refusal, starting
from jupyter_challenge.hub.capacity import Availability, Capacity
from jupyter_challenge.hub.machines import Object, Place, amount
from jupyter_challenge.hub.queues import ago
from jupyter_challenge.hub.refusal import NotStarted
from jupyter_challenge.hub.storage import storage_of, with_volumes

LOOK = 1.0
"""Seconds between two looks at a server that starts."""
FIRST_LIST = 3.0
"""Seconds that the first form waits for what is in the cluster."""
MARGIN = 60
"""Seconds by which the hub's own deadline comes after ours, which says why."""
REMEMBERED = 24 * 3600.0
TAKEN_AWAY = "Your server was taken away: by an admin, or with its machine."
TAKEN_AWAY_MEANWHILE = (
    "Your server was taken away while the hub was not there: it had to make way for others, or an "
    "admin or its machine ended it. Start it again."
)
SETTINGS = (
    *("args", "cpu_guarantee", "cpu_limit", "environment", "extra_labels", "extra_pod_config"),
    *("extra_resource_guarantees", "extra_resource_limits", "http_timeout", "image"),
    *("mem_guarantee", "mem_limit", "node_selector", "priority_class_name", "start_timeout"),
    *("tolerations", "volume_mounts", "volumes"),
)
"""What a profile or a start changes of a spawner, and the next start must not find."""


class ChallengeSpawner(KubeSpawner):  # type: ignore[misc]
    """Starts servers on the compute profiles of a catalogue."""

    catalogue = Unicode(
        config=True,
        help="The file with the compute profiles (profiles.yaml). Set by `configure`.",
    )

    storage = Unicode(
        config=True,
        help="The file with what servers reach as their owner (storage.yaml). Set by `configure`.",
    )

    told = Dict(
        config=True,
        help="Variables that servers get beside those of `environment`. Set by `configure`.",
    )

    queue_timeout = Float(
        4 * 3600.0,
        config=True,
        help="How many seconds a server may wait in its queue. `start_timeout` counts from the "
        "moment at which its turn has come.",
    )

    hub_process: ClassVar = secrets.token_hex(8)
    """By this the page of a server that starts tells a hub from the one that was there before."""

    args: list[str]  # JupyterHub's, which has no types

    _capacities: ClassVar[dict[tuple[str, str], Capacity]] = {}
    _endings: ClassVar[dict[tuple[str, str], tuple[float, str]]] = {}
    _uid = ""
    _seen = True  # whether this process saw the server itself

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._settings = {name: copy.deepcopy(getattr(self, name)) for name in SETTINGS}

    # --- what the hub's configuration says

    @property
    def profiles(self) -> Catalogue:
        """The compute profiles of this hub."""
        return profiles.catalogue_of(self.catalogue)

    @property
    def groups(self) -> frozenset[str]:
        """The groups of the server's owner, as the hub has them now."""
        return frozenset(group.name for group in self.user.groups)

    @property
    def capacity(self) -> Capacity:
        """What this hub knows of its cluster: one for all spawners."""
        key = self.catalogue, self.namespace
        found = self._capacities.get(key)
        if found is None:
            found = self._capacities[key] = Capacity(self.profiles, self.namespace, self.log)
        found.start()
        return found

    def get_env(self) -> dict[str, Any]:
        """The variables of the server; KubeSpawner asks when it makes the pod."""
        reached: dict[str, str] = {}
        if self.storage:
            reached = environment(storage_of(self.storage), self.user.name, self.groups)
        return {**super().get_env(), **reached, **self.told}

    @default("profile_list")
    def _profiles_of_the_groups(self) -> Any:
        """KubeSpawner asks again when a server starts: nobody gets another's by its name."""
        return _offered

    @default("options_form")
    def _form_of_the_profiles(self) -> Any:
        return _form

    @default("apply_user_options")
    def _options_are_the_profile(self) -> Any:
        """KubeSpawner applies the options itself; the hub need not warn of them."""
        return _nothing_more

    @default("cmd")
    def _a_command_that_takes_arguments(self) -> list[str]:
        """Without one KubeSpawner drops a profile's arguments, its idle timeout among them."""
        return ["jupyterhub-singleuser"]

    # --- the form

    async def availability(self, usable: Sequence[ComputeProfile]) -> dict[str, Availability]:
        """How it stands with profiles, by id."""
        capacity = self.capacity
        await capacity.loaded(FIRST_LIST)
        return {profile.id: capacity.of(profile, self._place(profile)) for profile in usable}

    def _place(self, profile: ComputeProfile) -> Place:
        """What a profile's servers need of a machine."""
        said = self._settings
        asks = {name: amount(count) for name, count in devices(profile).items()}
        cpu = profile.cpu if profile.cpu is not None else said["cpu_guarantee"]
        memory = profile.memory if profile.memory is not None else said["mem_guarantee"]
        asks["cpu"] = amount(cpu) if cpu is not None else 0
        asks["memory"] = amount(memory) if memory is not None else 0
        common = said["tolerations"]
        tolerations = list(common.values() if isinstance(common, dict) else common)
        tolerations += [each.model_dump(mode="json") for each in profile.tolerations]
        return Place.of({**said["node_selector"], **profile.labels}, tolerations, asks)

    # --- starting

    def start(self) -> asyncio.Future[str]:
        """Start the server, unless its owner may not have it.

        The hub reads `start_timeout` when this returns, so it is set here and not by the profile.

        Raises:
            NotStarted: The profile is not for them, or there is none of that name.
        """
        found = profiles.chosen(self.profiles, self.user_options or {}, self.groups)
        if isinstance(found, str):
            self._is_no_failure()
            raise NotStarted(found, reason="profile", status_code=403)
        waits = self.queue_timeout if found.queue is not None else 0
        self.start_timeout = int(self._settings["start_timeout"] + waits) + MARGIN
        self._uid = ""
        self._start_future = asyncio.ensure_future(self._started())
        return self._start_future

    async def _started(self) -> str:
        before = self._pod()
        look = asyncio.ensure_future(self._look_after(before["metadata"]["uid"] if before else ""))
        start = asyncio.ensure_future(self._start())
        try:
            await asyncio.wait({look, start}, return_when=asyncio.FIRST_COMPLETED)
            if look.done() and not start.done():
                look.result()
            url: str = await start
        except ApiException as error:
            refused = refusal.of_the_cluster(error, self.api_token)
            if refused is None:
                self.log.error("%s: HTTP %s: %s", self._log_name, error.status, error.reason)
                raise
            self._is_no_failure()
            raise refused from None
        except NotStarted:
            self._is_no_failure()
            raise
        finally:
            for each in (look, start):
                each.cancel()
            await asyncio.gather(look, start, return_exceptions=True)
        self._endings.pop(self._whose, None)
        if not self._uid and (pod := self._pod()) is not None:
            self._uid = pod["metadata"]["uid"]  # it ran before anybody looked
        return url

    async def _look_after(self, before: str) -> None:
        """Return once the server's pod runs.

        Args:
            before: The uid of a pod of an earlier start, which is about to go.

        Raises:
            NotStarted: It won't.
        """
        capacity = self.capacity
        patience = float(self._settings["start_timeout"])
        released, changed, state = 0.0, time.monotonic(), ""
        while True:
            await asyncio.sleep(LOOK)
            pod, now = self._pod(), time.monotonic()
            if pod is None or pod["metadata"]["uid"] == before:
                if self._uid:
                    raise self._taken_away(capacity)
                continue
            if not self._uid:
                self._remember(pod)
            if self.is_pod_running(pod):
                return
            if (latest := starting.state(pod)) != state:
                changed, state = now, latest
            workload = capacity.queues.of_pod(self._uid)
            ended = capacity.ended(self._uid)
            failed = starting.failed(pod, workload, since=now - changed, ended=ended)
            if starting.gated(pod):
                waited = time.time() - ago(pod["metadata"]["creationTimestamp"])
                if failed is None and waited > self.queue_timeout:
                    failed = starting.waited_in_vain(self.queue_timeout)
            else:
                released = released or now
                if failed is None and now - released > patience:
                    failed = starting.too_late(pod, patience)
            if failed is not None:
                raise NotStarted(failed.message, reason=failed.reason)

    def _taken_away(self, capacity: Capacity) -> NotStarted:
        why = capacity.ended(self._uid)
        return NotStarted(
            why or "Your server was taken away while it started. Try again.", reason="gone"
        )

    def _remember(self, pod: Object) -> None:
        """Keep what finds the server again, should the hub end before it has started."""
        self._uid = pod["metadata"]["uid"]
        self.orm_spawner.state = self.get_state()
        self.user.db.commit()

    async def get_url(self) -> str:
        """Where the server is: the hub asks after it was started itself.

        A server that waits for its turn then goes on waiting.
        """
        await self._start_watching_pods()
        try:
            await self._look_after("")
        except NotStarted as failed:
            self._note(failed.jupyterhub_message)
            self.http_timeout = 1  # nobody is there to answer
            said: str = await super().get_url()
            return said
        pod = self._pod()
        url: str = self._get_pod_url(pod) if pod is not None else await super().get_url()
        return url

    def get_state(self) -> dict[str, Any]:
        """What the hub writes down of a server, and tells its spawner when it starts anew."""
        state: dict[str, Any] = super().get_state()
        return {**state, "uid": self._uid} if self._uid else state

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up a server of before the hub started; it may have ended meanwhile."""
        super().load_state(state)
        self._uid = str(state.get("uid", ""))
        self._seen = not self._uid

    def clear_state(self) -> None:
        """Forget a server that was; the hub calls it before each start, ahead of all hooks.

        KubeSpawner merges a profile into the spawner for good: what the one before left is taken
        away here, or the next server would be on that one's nodes, and in its queue.
        """
        super().clear_state()
        self._uid, self._seen = "", True
        for name, value in self._settings.items():
            setattr(self, name, copy.deepcopy(value))

    async def load_user_options(self) -> None:
        """Apply the profile; KubeSpawner calls it when a server starts."""
        for name in profiles.KEYED:
            setattr(self, name, profiles.keyed(name, getattr(self, name)))
        if self.storage:
            reached = storage_of(self.storage)
            for name in ("volumes", "volume_mounts"):
                setattr(self, name, with_volumes(getattr(self, name), name, reached, self.groups))
        own = self.args
        await super().load_user_options()
        if self.args != own:
            self.args = [*own, *self.args]

    async def _make_create_pod_request(self, pod: Any, request_timeout: float) -> bool:
        """As KubeSpawner's; but that logs the pod, and with it the server's token."""
        return await self._make(
            self.api.create_namespaced_pod(self.namespace, pod), request_timeout, replaces=True
        )

    async def _make_create_resource_request(self, kind: str, manifest: Any) -> bool:
        """As KubeSpawner's; but that logs the manifest, a Secret's too."""
        create = getattr(self.api, f"create_namespaced_{kind}")
        return await self._make(create(self.namespace, manifest), self.k8s_api_request_timeout)

    async def _make(self, request: Any, seconds: float, *, replaces: bool = False) -> bool:
        try:
            await asyncio.wait_for(request, seconds)
        except asyncio.TimeoutError:
            return False
        except ApiException as error:
            if error.status != 409:
                raise
            if replaces:
                self.log.info("Ending what is left of %s's last server", self._log_name)
                await self.stop(True)
            return not replaces
        return True

    # --- what is told

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Say how far the server is: in which place of the queue, and what it waits for."""
        last: starting.Told | None = None
        while True:
            now = await self.now()
            if now != last:
                yield {"progress": now.progress, "message": now.message}
                last = now
            if self._start_future is not None and self._start_future.done():
                return
            await asyncio.sleep(LOOK)

    async def now(self) -> starting.Told:
        """How far a server is that starts."""
        workload = self.capacity.queues.of_pod(self._uid)
        if workload is not None and workload.waits:
            await self.capacity.ask_order(workload.queue)
        return self.told_last

    @property
    def told_last(self) -> starting.Told:
        """The same by what the hub knows already."""
        pod = self._pod() if self._uid else None
        workload = self.capacity.queues.of_pod(self._uid) if pod is not None else None
        waits = workload is not None and workload.waits
        turn = self.capacity.turn(workload) if workload is not None and waits else None
        events = () if pod is None or starting.gated(pod) else self.events
        return starting.told(pod, workload, turn, events)

    @property
    def queues(self) -> bool:
        """Whether it waits in a queue, or will, until its turn has come."""
        pod = self._pod() if self._uid else None
        if pod is not None:
            return starting.gated(pod)
        chosen = profiles.chosen(self.profiles, self.user_options or {}, self.groups)
        return not isinstance(chosen, str) and chosen.queue is not None

    @property
    def last_words(self) -> str:
        """Why the server ended that was there before; nothing if its owner stopped it."""
        at, said = self._endings.get(self._whose, (0.0, ""))
        return said if time.monotonic() - at < REMEMBERED else ""

    async def poll(self) -> int | None:
        """Look whether the server runs; if it ended by itself, keep why."""
        pod = self._pod()
        if pod is not None:
            self._uid, self._seen = pod["metadata"]["uid"], True
        status: int | None = await super().poll()
        starts = self._start_future is not None and not self._start_future.done()
        if status is not None and self._uid and not self._stop_pending and not starts:
            said = self.capacity.ended(self._uid)
            if not said:
                await self.capacity.loaded(FIRST_LIST)
                await asyncio.sleep(LOOK)  # two watches need not hear of it at once
                said = self.capacity.ended(self._uid)
            self._note(said or (TAKEN_AWAY if self._seen else TAKEN_AWAY_MEANWHILE))
            self._uid = ""
        return status

    def _is_no_failure(self) -> None:
        """Up to JupyterHub 5 whatever does not start counts towards the hub's own end."""
        if refusal.ALL_COUNT and self.handler is not None:
            # The web application's own: those of users are a copy, in which nothing is counted.
            settings = self.handler.settings
            settings["failure_count"] = settings.get("failure_count", 0) - 1

    def _note(self, said: str) -> None:
        self.log.warning("%s: %s", self._log_name, said)
        self._endings[self._whose] = time.monotonic(), said

    @property
    def _whose(self) -> tuple[str, str]:
        return self.user.name, self.name

    def _pod(self) -> Object | None:
        reflector = self.pod_reflector
        if reflector is None:
            return None
        found: Object | None = reflector.pods.get(f"{self.namespace}/{self.pod_name}")
        return found


async def _offered(spawner: ChallengeSpawner) -> list[Manifest]:
    return profiles.offered(spawner.profiles, spawner.groups)


async def _form(spawner: ChallengeSpawner) -> str:
    usable = spawner.profiles.usable_by(spawner.groups)
    shown = form.form(
        spawner.profiles,
        usable,
        await spawner.availability(usable),
        chosen=str(_options(spawner).get("profile", "")),
        ended=spawner.last_words,
    )
    return form.rendered(shown)


def _options(spawner: ChallengeSpawner) -> Mapping[str, Any]:
    found: Mapping[str, Any] = spawner.user_options or spawner.orm_spawner.user_options or {}
    return found


def _nothing_more(spawner: ChallengeSpawner, options: Any) -> None:
    pass
