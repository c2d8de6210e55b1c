"""A service with users in it, as tests want it."""

from __future__ import annotations

import csv
import io
import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from jupyter_challenge.client.asgi import AppTransport
from jupyter_challenge.engines.base import Engine
from jupyter_challenge.service.app import EmbeddedService
from jupyter_challenge.service.auth import Identity, Place
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.config import ChallengeConfig
from tests.bundles import bundle_of
from tests.service.folders import zipped
from tests.service.quick_engine import QuickEngine
from tests.tiny import write_challenge

PATIENCE = 30.0
OVER = {"scored", "failed", "cancelled"}


def predictions(**said: Any) -> bytes:
    """The bundle of a predictions file that tells the quick engine what to do."""
    table = io.StringIO()
    csv.writer(table).writerows([["id", "label"], ["1", json.dumps(said)]])
    return bundle_of("predictions.csv", {"predictions.csv": table.getvalue().encode()}).data


def client(app: Any) -> httpx.Client:
    """A client of an app in this process."""
    return httpx.Client(
        transport=AppTransport(app), base_url="http://service/api/v1", timeout=60, trust_env=False
    )


class User:
    """Somebody who sends requests."""

    def __init__(self, world: World, identity: Identity) -> None:
        self.world = world
        self.name = identity.name
        self.http = client(world.embedded.app_for(identity))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.http.get(path, **options)

    def ask(self, method: str, path: str, expect: int = 200, **options: Any) -> Any:
        """Send a request, want a status, return the JSON."""
        response = self.http.request(method, path, **options)
        assert response.status_code == expect, response.text
        return response.json()

    def publish(self, folder: Path, expect: int = 201) -> Any:
        files = {"folder": ("folder.zip", zipped(folder))}
        return self.ask("POST", "/challenges", expect, files=files)

    def enter(self, challenge: str = "tiny", **said: Any) -> Any:
        return self.ask("PUT", f"/challenges/{challenge}/entry", json=said)

    def hand_in(
        self,
        bundle: bytes | None = None,
        *,
        challenge: str = "tiny",
        key: str | None = None,
        request: dict[str, Any] | None = None,
        **said: Any,
    ) -> httpx.Response:
        """Submit predictions that say to the engine what to do."""
        wanted = {"kind": "predictions", "entry": "predictions.csv", **(request or {})}
        return self.http.post(
            f"/challenges/{challenge}/submissions",
            data={"request": json.dumps(wanted)},
            files={"bundle": ("bundle.zip", bundle or predictions(**said))},
            headers={"Idempotency-Key": key or uuid.uuid4().hex},
        )

    def submit(self, expect: int = 201, **options: Any) -> Any:
        response = self.hand_in(**options)
        assert response.status_code == expect, response.text
        return response.json()

    def submitted(self, **options: Any) -> Any:
        """Submit and wait for the end."""
        return self.finished(self.submit(**options)["id"])

    def show(self, submission: str) -> Any:
        return self.ask("GET", f"/submissions/{submission}")

    def finished(self, submission: str) -> Any:
        self.world.until(lambda: self.show(submission)["state"] in OVER)
        return self.show(submission)

    def board(self, challenge: str = "tiny", board: str = "public", **query: Any) -> Any:
        path = f"/challenges/{challenge}/boards/main/{board}"
        return self.ask("GET", path, params=query)

    def quota(self, challenge: str = "tiny") -> Any:
        return self.ask("GET", f"/challenges/{challenge}/quota")


class World:
    """A service on a data folder of its own, driven by hand or by its own loop."""

    def __init__(
        self,
        folder: Path,
        *,
        db_url: str = "",
        place: Place = "embedded",
        engine: Engine | None = None,
        runs: bool = True,
        cluster: ClusterConfig | None = None,
        **settings: Any,
    ) -> None:
        self.folder = folder
        options = {"parallel_runs": 4, "warm": False, **settings}
        self.config = ChallengeConfig(data_dir=str(folder / "data"), db_url=db_url, **options)
        if cluster is None:
            engine = engine or QuickEngine(folder / "quick")
        self.embedded = EmbeddedService(self.config, engine, place=place, cluster=cluster)
        self.embedded.start(runs=runs)
        self.engine = self.embedded.service.engine
        self.runs = runs
        self._users: dict[str, User] = {}

    def user(self, name: str, *groups: str, admin: bool = False) -> User:
        if name not in self._users:
            identity = Identity(name, groups=frozenset(groups), admin=admin)
            self._users[name] = User(self, identity)
        return self._users[name]

    @property
    def admin(self) -> User:
        return self.user("root", admin=True)

    def publish(self, name: str = "tiny", **changes: Any) -> Any:
        """Publish the small challenge with changes, as the admin."""
        folder = write_challenge(self.folder / f"folder-{uuid.uuid4().hex[:6]}", id=name, **changes)
        return self.admin.publish(folder)

    def until(self, done: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait for something to be so, driving the loop where it does not run by itself."""
        deadline = time.monotonic() + patience
        while not done():
            assert time.monotonic() < deadline, "it did not happen"
            if not self.runs:
                self.embedded.reconciler.step()
            time.sleep(0.02)

    def close(self) -> None:
        for user in self._users.values():
            user.http.close()
        self.embedded.stop()
