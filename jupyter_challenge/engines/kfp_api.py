"""The few things that are asked of a Kubeflow Pipelines server, of its v2beta1 API.

The client library is imported when the first call is made. Of answers only ids and states are
read: a run's answer is 14 kB, and says nothing else that is certain.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_challenge.core.errors import Unavailable

TIMEOUT = (5.0, 30.0)
"""Seconds to connect, and between two pieces of an answer."""

REST = 3.0
"""Seconds for which a server is not asked that did not answer: nobody waits for it in turn."""

PAGE = 100
"""Runs that are asked for at once: a server gives 200 at most, and an address has its length."""

RUN_LABEL = "pipeline/runid"
"""By what KFP marks the pods of a run."""

_AWAY = {0, 401, 403, 408, 429}
_OVER = {"SUCCEEDED", "FAILED", "CANCELED", "SKIPPED"}


@dataclass(frozen=True)
class KfpSettings:
    """What an installation chose; see `ClusterConfig` for what each is."""

    endpoint: str
    namespace: str
    account: str
    token_file: str = ""
    ca_file: str = ""
    one_step: bool = False
    audience: str = ""


class KfpRefused(Exception):
    """The server refused; `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        """Keep what it said."""
        super().__init__(f"{status} {message}")
        self.status = status


@dataclass(frozen=True)
class KfpRun:
    """A run as the server tells of it; `state` is empty where it says none, as it does at times."""

    id: str
    state: str = ""

    @property
    def over(self) -> bool:
        """Whether it has ended, however it did."""
        return self.state in _OVER


class KfpApi:
    """Calls to one server, for one namespace; any thread may make them."""

    def __init__(
        self, endpoint: str, namespace: str, token_file: str = "", ca_file: str = ""
    ) -> None:
        """Prepare; nothing is read or sent before the first call.

        Args:
            endpoint: Address of the server.
            namespace: Where runs are.
            token_file: File with the token, read anew for each call; empty to send none.
            ca_file: File with the certificates that the server's is checked against.
        """
        self._endpoint = endpoint.rstrip("/")
        self._namespace = namespace
        self._token_file = token_file
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._client: Any = None
        self._experiments: dict[str, str] = {}
        self._away_until = 0.0

    def experiment(self, name: str) -> str:
        """The id of an experiment, which is made where there is none of that name."""
        known = self._experiments.get(name)
        if known is None:
            known = self._found_experiment(name) or self._made_experiment(name)
            self._experiments[name] = known
        return known

    def create(
        self,
        name: str,
        experiment: str,
        pipeline: dict[str, Any],
        parameters: dict[str, Any],
        account: str,
    ) -> str:
        """Make a run and return its id; making the same again makes another one.

        Args:
            name: What it is called.
            experiment: The id of its experiment.
            pipeline: The compiled pipeline.
            parameters: What the pipeline is given; everybody may read it.
            account: The service account of its pods.

        Raises:
            KfpRefused: The server does not want it.
        """
        body = {
            "display_name": name,
            "experiment_id": experiment,
            "pipeline_spec": pipeline,
            "runtime_config": {"parameters": parameters},
            "service_account": account,
        }
        try:
            return str(self._call("POST", "/runs", body=body)["run_id"])
        except KfpRefused as refused:
            if refused.status == 404:
                self._experiments.clear()  # somebody removed the experiment
            raise

    def named(self, name: str) -> str | None:
        """The id of the run of that name; the oldest, where a crash left more than one."""
        found = list(
            self._list({"operation": "EQUALS", "key": "display_name", "stringValue": name})
        )
        return str(found[0]["run_id"]) if found else None

    def runs(self, ids: Collection[str]) -> dict[str, KfpRun]:
        """How runs are, by id; those that the server does not know are missing."""
        wanted, found = sorted(ids), {}
        for at in range(0, len(wanted), PAGE):
            values = {"values": wanted[at : at + PAGE]}
            for run in self._list({"operation": "IN", "key": "run_id", "stringValues": values}):
                made = KfpRun(str(run["run_id"]), str(run.get("state") or ""))
                found[made.id] = made
        return found

    def terminate(self, run: str) -> None:
        """Have a run ended; harmless when it is over or gone."""
        try:
            self._call("POST", f"/runs/{run}:terminate")
        except KfpRefused as refused:
            if refused.status not in {400, 404, 409}:
                raise

    def _found_experiment(self, name: str) -> str | None:
        predicate = {"operation": "EQUALS", "key": "display_name", "stringValue": name}
        query = [("namespace", self._namespace), ("filter", _filter(predicate))]
        for found in self._call("GET", "/experiments", query).get("experiments") or []:
            if found.get("display_name") == name:
                return str(found["experiment_id"])
        return None

    def _made_experiment(self, name: str) -> str:
        body = {"display_name": name, "namespace": self._namespace}
        try:
            return str(self._call("POST", "/experiments", body=body)["experiment_id"])
        except KfpRefused as refused:
            found = self._found_experiment(name) if refused.status == 409 else None
            if found is None:
                raise
            return found

    def _list(self, predicate: dict[str, Any]) -> Iterator[dict[str, Any]]:
        query = [("namespace", self._namespace), ("page_size", str(PAGE))]
        asked = [("sort_by", "created_at asc"), ("filter", _filter(predicate))]
        while True:
            answer = self._call("GET", "/runs", [*query, *asked])
            yield from answer.get("runs") or []  # an empty list is none at all
            token = answer.get("next_page_token") or ""
            if not token:
                return
            # A page's token says order and filter itself; a server refuses a filter beside it.
            asked = [("page_token", token)]

    def _call(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]] | None = None,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        from kfp_server_api.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        if time.monotonic() < self._away_until:
            raise _away("it did not a moment ago")
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self._token_file:
            headers["Authorization"] = f"Bearer {self._token()}"
        try:
            answer = self._connected().call_api(
                f"/apis/v2beta1{path}",
                method,
                query_params=query or [],
                header_params=headers,
                body=body,
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=TIMEOUT,
            )
            said: dict[str, Any] = json.loads(answer.data or b"{}")
            return said
        except ApiException as error:
            status, message = int(error.status or 0), _message(error.body)
            # What the server itself refuses it says why; else something in front of it answered.
            if status in _AWAY or status >= 500 or not message:
                raise _away(f"{status} {message}") from error
            raise KfpRefused(status, message) from error
        except (HTTPError, ValueError) as error:
            self._away_until = time.monotonic() + REST
            raise _away(str(error)) from error

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                import kfp_server_api

                settings = kfp_server_api.Configuration(host=self._endpoint)
                settings.retries = False
                settings.ssl_ca_cert = self._ca_file or None
                self._client = kfp_server_api.ApiClient(settings)
            return self._client

    def _token(self) -> str:
        """What the file holds now: the kubelet renews it."""
        try:
            return Path(self._token_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Unavailable(
                f"The token for Kubeflow Pipelines cannot be read: {error}.",
                hint="Mount it, and say where in ClusterConfig.kfp_token_file.",
            ) from error


def _filter(predicate: dict[str, Any]) -> str:
    return json.dumps({"predicates": [predicate]})


def _message(body: Any) -> str:
    try:
        said = json.loads(body or "{}")
    except ValueError:
        return ""
    known = said if isinstance(said, dict) else {}
    return str(known.get("message") or known.get("error") or "")[:500]


def _away(why: str) -> Unavailable:
    return Unavailable(
        f"Kubeflow Pipelines does not answer: {why}",
        hint="Try again in a moment, or look at the rights of the service's account there.",
    )
