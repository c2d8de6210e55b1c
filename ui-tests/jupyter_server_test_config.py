"""Server configuration for the browser tests.

Never use it for anything else: it takes down the login and shows JupyterLab's inside to scripts.
Everything that the server writes goes into one temporary folder, removed when it ends.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from jupyterlab.galata import configure_jupyter_server

c = get_config()  # type: ignore[name-defined]  # noqa: F821

_home = Path(os.environ.get("JUPYTER_CHALLENGE_UI_HOME", ""))
if _home.name:
    shutil.rmtree(_home, ignore_errors=True)
    _home.mkdir(mode=0o700)
else:
    _home = Path(tempfile.mkdtemp(prefix="jupyter-challenge-ui-"))
atexit.register(shutil.rmtree, _home, ignore_errors=True)
tempfile.tempdir = str(_home)

configure_jupyter_server(c)

_home.joinpath("root").mkdir()
c.ServerApp.root_dir = os.environ.get("JUPYTERLAB_GALATA_ROOT_DIR", str(_home / "root"))
c.LabApp.user_settings_dir = str(_home / "settings")
c.JupyterNotebookApp.user_settings_dir = c.LabApp.user_settings_dir
c.JupyterNotebookApp.expose_app_in_browser = True
c.ServerApp.cookie_secret = os.urandom(32)
c.Application.log_level = "WARN"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"

# An empty data folder, whatever the one who runs the tests has at home.
os.environ["JUPYTER_CHALLENGE_DATA_DIR"] = str(_home / "challenge")
tempfile.tempdir = None

if os.environ.get("CHALLENGE_SERVICE"):  # one on a cluster, tests/cluster/from_lab.py
    c.ChallengeConfig.service_url = os.environ["CHALLENGE_SERVICE"]
    c.ChallengeConfig.token_file = os.environ["CHALLENGE_TOKEN_FILE"]

if os.environ.get("GALLERY"):  # the pictures want boards that look lived in
    subprocess.run(
        [sys.executable, "gallery/seed.py", _home / "challenge", c.ServerApp.root_dir], check=True
    )
