"""Serve the stand-in: `python -m kfp_standin [--kubeconfig FILE] [--state FILE] [--port PORT]`."""

from __future__ import annotations

import argparse
import socket
from pathlib import Path

import uvicorn

from .app import create_app
from .cluster import Cluster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", default="", help="Of the cluster; default: that around it.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one.")
    parser.add_argument("--state", type=Path, help="Where it keeps what it knows: its database.")
    options = parser.parse_args()
    opened = socket.create_server((options.host, options.port))
    app = create_app(Cluster(options.kubeconfig), options.state)
    print(f"The stand-in for Kubeflow Pipelines listens at {opened.getsockname()[1]}.", flush=True)
    settings = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    uvicorn.Server(settings).run(sockets=[opened])


if __name__ == "__main__":
    main()
