"""The one configuration of the Jupyter server extension, the service and the CLI."""

from __future__ import annotations

import os
from pathlib import Path

from traitlets import Bool, Enum, Integer, Unicode, default, validate
from traitlets.config import Configurable


class ChallengeConfig(Configurable):
    """Where things are and how much may run at once; set as `c.ChallengeConfig.<name>`."""

    data_dir = Unicode(
        help="Folder with database, files and runs. Default: $JUPYTER_CHALLENGE_DATA_DIR, else "
        "`challenge` in Jupyter's data folder."
    ).tag(config=True)
    db_url = Unicode(
        help="SQLAlchemy URL of the database. Default: the SQLite file challenge.db in data_dir; "
        "PostgreSQL from 15 on works too (postgresql+psycopg://…)."
    ).tag(config=True)
    blob_url = Unicode(
        help="URL of the object store with bundles, notebooks and logs, such as "
        "s3://bucket/prefix. Default: the folder blobs in data_dir."
    ).tag(config=True)
    service_url = Unicode(
        help="Address of a service to use instead of the one in this process; "
        "$JUPYTER_CHALLENGE_URL wins over it."
    ).tag(config=True)
    token_file = Unicode(
        help="File with the bearer token for service_url; only its owner may read it."
    ).tag(config=True)
    sign_in = Enum(
        ["token_file", "hub"],
        help="How one signs in at service_url: by the token in token_file, or by the one that a "
        "JupyterHub gave this notebook server. Default: $JUPYTER_CHALLENGE_SIGN_IN, else "
        "`token_file`.",
    ).tag(config=True)
    hub_api_url = Unicode(
        help="Address of a JupyterHub's API, such as http://hub:8081/hub/api: who signed in there "
        "is let in by the service. Default: none."
    ).tag(config=True)
    hub_service = Unicode(
        "challenge", help="Name of this service in the JupyterHub of hub_api_url."
    ).tag(config=True)
    hub_fresh_seconds = Integer(
        30,
        min=1,
        max=60,
        help="Seconds for which what the JupyterHub said of somebody counts without asking again.",
    ).tag(config=True)
    parallel_runs = Integer(
        help="Submissions that run at once. Default: one less than the machine's cores, at least 1."
    ).tag(config=True)
    warm = Bool(
        True,
        help="Keep a process ready in which the next run starts at once (about 100 MB of memory).",
    ).tag(config=True)
    tries_at_once = Integer(
        1, min=1, help="Tries of one team that may be queued or running at a time."
    ).tag(config=True)
    max_upload = Integer(
        2_000_000_000, min=1, help="Largest challenge folder that may be published, in bytes."
    ).tag(config=True)
    max_challenge_files = Integer(
        20_000, min=1, help="Most files that a challenge folder may hold."
    ).tag(config=True)
    log_format = Enum(
        ["auto", "text", "json"],
        "auto",
        help="How `serve` and `gateway` write their log: `json` is a line for each event, with the "
        "ids of submission and run; `auto` is that on a cluster, and text elsewhere.",
    ).tag(config=True)
    deadline_grace = Integer(
        120,
        min=1,
        help="Seconds after a run's time limit at which the service ends it itself, should the "
        "engine not have done so.",
    ).tag(config=True)

    @default("data_dir")
    def _default_data_dir(self) -> str:
        named = os.environ.get("JUPYTER_CHALLENGE_DATA_DIR")
        if named:
            return named
        from jupyter_core.paths import jupyter_data_dir

        return str(Path(jupyter_data_dir()) / "challenge")

    @default("sign_in")
    def _default_sign_in(self) -> str:
        return "hub" if os.environ.get("JUPYTER_CHALLENGE_SIGN_IN") == "hub" else "token_file"

    @default("parallel_runs")
    def _default_parallel_runs(self) -> int:
        try:
            cores = len(os.sched_getaffinity(0))
        except AttributeError:  # macOS
            cores = os.cpu_count() or 1
        return max(1, cores - 1)

    @validate("parallel_runs")
    def _at_least_one(self, proposal: dict[str, int]) -> int:
        return max(1, proposal["value"])

    @property
    def address(self) -> str:
        """Address of the service elsewhere; empty where it is the one in this process."""
        return os.environ.get("JUPYTER_CHALLENGE_URL") or str(self.service_url)

    @property
    def root(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).expanduser().absolute()

    @property
    def database_url(self) -> str:
        """The database's URL, also where none was configured."""
        return self.db_url or f"sqlite:///{self.root / 'challenge.db'}"

    @property
    def versions_dir(self) -> Path:
        """Unpacked versions of challenges."""
        return self.root / "versions"

    @property
    def runs_dir(self) -> Path:
        """Folders of runs."""
        return self.root / "runs"
