"""What every test starts with."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ("pytest_jupyter.jupyter_server",)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true a skip is a failure: what a test needs has to be there."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
    return report


@pytest.fixture(autouse=True)
def challenge_data_dir(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Give each test its own data folder, so that none touches the user's."""
    folder = tmp_path_factory.mktemp("challenge-data")
    monkeypatch.setenv("JUPYTER_CHALLENGE_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    """Configure the test server: the extension is on and every end point needs a login."""
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_challenge": True},
            "allow_unauthenticated_access": False,
        }
    }
