"""Read the configuration that JupyterLab reads too, so that both use one data folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

# Later ones win, as in the Jupyter server: its own file and that of the extension.
_NAMES = (
    "jupyter_config",
    "jupyter_server_config",
    "jupyter_jupyter_challenge_config",
    "jupyter_challenge_config",
)


def load_config(data_dir: str | os.PathLike[str] | None = None) -> Any:
    """Make the `ChallengeConfig` of this machine.

    Args:
        data_dir: Data folder to use instead of the configured one.
    """
    from jupyter_challenge.service.config import ChallengeConfig

    config = ChallengeConfig(config=_found())
    if data_dir is not None:
        config.data_dir = os.fspath(data_dir)
    return config


def load_cluster_config() -> Any:
    """Make the `ClusterConfig` of this installation."""
    from jupyter_challenge.service.clusterconfig import ClusterConfig

    return ClusterConfig(config=_found())


def _found() -> Any:
    """What the configuration files say."""
    from jupyter_core.paths import jupyter_config_path
    from traitlets.config.loader import (
        Config,
        ConfigFileNotFound,
        JSONFileConfigLoader,
        PyFileConfigLoader,
    )

    found = Config()
    # The first folder of the path matters most, so it is read last.
    for folder in reversed(jupyter_config_path()):
        for name in _NAMES:
            for loader, ending in ((PyFileConfigLoader, "py"), (JSONFileConfigLoader, "json")):
                if not Path(folder, f"{name}.{ending}").is_file():
                    continue
                try:
                    found.merge(loader(f"{name}.{ending}", path=folder).load_config())
                except ConfigFileNotFound:
                    continue
    return found
