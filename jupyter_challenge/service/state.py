"""What the routes and the loop share: one object per service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from jupyter_challenge.engines.base import Engine
from jupyter_challenge.service.auth import Place
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.feed import Feed
from jupyter_challenge.service.leaders import Leaders
from jupyter_challenge.service.notebook_servers import NotebookServers
from jupyter_challenge.service.observing import Observer
from jupyter_challenge.service.registries import Registries
from jupyter_challenge.service.standings import Boards
from jupyter_challenge.service.tokens import Tokens
from jupyter_challenge.store.blobs import Blobs
from jupyter_challenge.store.database import Database
from jupyter_challenge.store.datasets import Datasets


@dataclass
class Service:
    """Configuration, database, blobs, engine and what is kept in memory.

    `submitted_images` are the places that images of container submissions may come from, and
    `registries` asks how large those are; `data_images` are the places of images with challenges'
    data, `datasets` the stores that hold such data, `servers` a hub's notebook servers.
    """

    config: ChallengeConfig
    place: Place
    db: Database
    blobs: Blobs
    engine: Engine
    submitted_images: Sequence[str] = ()
    data_images: Sequence[str] = ()
    registries: Registries | None = None
    datasets: Datasets | None = None
    servers: NotebookServers | None = None
    boards: Boards = field(init=False)
    feed: Feed = field(init=False)
    leaders: Leaders = field(init=False)
    tokens: Tokens = field(init=False)
    observer: Observer = field(default_factory=Observer)

    @property
    def practice(self) -> bool:
        """Whether nothing isolates runs here, so that scores are the user's own word."""
        return self.place in {"embedded", "serve"}
