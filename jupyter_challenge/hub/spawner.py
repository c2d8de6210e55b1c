"""`ChallengeSpawner`: KubeSpawner whose users pick a compute profile."""

from __future__ import annotations

import asyncio
from typing import Any

from kubespawner import KubeSpawner
from traitlets import Dict, Unicode, default

from jupyter_challenge.core.compute import Catalogue
from jupyter_challenge.core.compute.rendering import Manifest
from jupyter_challenge.core.storage.rendering import environment
from jupyter_challenge.hub import profiles
from jupyter_challenge.hub.refusal import NotStarted
from jupyter_challenge.hub.storage import storage_of, with_volumes


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

    def get_env(self) -> dict[str, Any]:
        """The variables of the server; KubeSpawner asks when it makes the pod."""
        reached: dict[str, str] = {}
        if self.storage:
            reached = environment(storage_of(self.storage), self.user.name, self.groups)
        return {**super().get_env(), **reached, **self.told}

    @property
    def profiles(self) -> Catalogue:
        """The compute profiles of this hub."""
        return profiles.catalogue_of(self.catalogue)

    @property
    def groups(self) -> frozenset[str]:
        """The groups of the server's owner, as the hub has them now."""
        return frozenset(group.name for group in self.user.groups)

    @default("profile_list")
    def _profiles_of_the_groups(self) -> Any:
        """KubeSpawner asks for the form, and again when a server starts."""
        return _offered

    @default("apply_user_options")
    def _options_are_the_profile(self) -> Any:
        """KubeSpawner applies the options itself; the hub need not warn of them."""
        return _nothing_more

    @default("cmd")
    def _a_command_that_takes_arguments(self) -> list[str]:
        """Without one KubeSpawner drops a profile's arguments, its idle timeout among them."""
        return ["jupyterhub-singleuser"]

    def start(self) -> asyncio.Future[str]:
        """Start the server, unless its owner may not have it.

        Raises:
            NotStarted: The profile is not for them, or there is none of that name.
        """
        found = profiles.chosen(self.profiles, self.user_options or {}, self.groups)
        if isinstance(found, str):
            raise NotStarted(found, reason="profile", status_code=403)
        started: asyncio.Future[str] = super().start()
        return started

    async def load_user_options(self) -> None:
        """Apply the profile; KubeSpawner calls it when a server starts."""
        for name in profiles.KEYED:
            setattr(self, name, profiles.keyed(name, getattr(self, name)))
        if self.storage:
            reached = storage_of(self.storage)
            for name in ("volumes", "volume_mounts"):
                setattr(self, name, with_volumes(getattr(self, name), name, reached, self.groups))
        await super().load_user_options()


async def _offered(spawner: ChallengeSpawner) -> list[Manifest]:
    return profiles.offered(spawner.profiles, spawner.groups)


def _nothing_more(spawner: ChallengeSpawner, options: Any) -> None:
    pass
