"""Execute a notebook cell by cell and keep what it says, whatever becomes of it."""

from __future__ import annotations

import json
import time
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.notebook import METADATA_KEY, Notebook, source_of
from jupyter_challenge.steps import kernel
from jupyter_challenge.steps.context import StepContext
from jupyter_challenge.steps.folder import replace
from jupyter_challenge.steps.reasons import classified, without_network
from jupyter_challenge.steps.transcript import ANSI, Transcript, coalesced

_SHOWN = {"stream", "display_data", "execute_result", "update_display_data", "error"}
_WIDGETS = {"comm_open", "comm_msg"}
_TOLD_EVERY = 1.0
"""Seconds between two reports of how far a cell is."""
_SAVE_AGAIN_AFTER = 10
"""A save may take a tenth of the time: a notebook with large outputs is not saved every cell."""


class _Client(NotebookClient):
    """nbclient that also tells what comes from the kernel, as it comes."""

    execution: Execution

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Let nbclient file a message of the kernel after we have read it."""
        if not self.execution.heard(msg):
            if self.task_poll_for_reply is not None:
                self.task_poll_for_reply.cancel()
            return None
        return super().process_message(msg, cell, cell_index)


class Execution:
    """One execution of one notebook."""

    def __init__(self, context: StepContext, notebook: Notebook) -> None:
        """Make ready; `execute` does it."""
        self.context = context
        self.name = notebook.kernel or kernel.DEFAULT_KERNEL
        self.notebook = nbformat.from_dict(_complete(notebook.content))
        self.code = [i for i, c in enumerate(self.notebook.cells) if c.cell_type == "code"]
        self.left = context.spec.limits.notebook
        self.full = False
        self.transcript = Transcript()
        self._runner: _Client | None = None
        self._where = ""
        self._told = ("", 0.0)
        self._save_not_before = 0.0
        self._offline = False

    async def execute(self) -> None:
        """Execute all cells.

        Raises:
            RunFailed: At the first cell that stops, which is marked in the notebook as run.
        """
        manager, client = await kernel.connect(
            self.name, self.context.folder, self.context.spec.limits.cpu
        )
        runner = _Client(
            self.notebook,
            km=manager,
            timeout=None,
            kernel_name=self.name,
        )
        runner.execution = self
        self._runner = runner
        runner.kc = client
        try:
            await self._language(runner)
            for number, index in enumerate(self.code, start=1):
                await self._cell(runner, number, index)
            runner.set_widgets_metadata()
            self._save()
        finally:
            client.stop_channels()
            await kernel.end(manager)

    async def _language(self, runner: _Client) -> None:
        assert runner.kc is not None
        reply = await runner.async_wait_for_reply(runner.kc.kernel_info())
        if reply is not None:
            self.notebook.metadata["language_info"] = reply["content"].get("language_info", {})

    async def _cell(self, runner: _Client, number: int, index: int) -> None:
        cell = self.notebook.cells[index]
        injected = "injected-parameters" in cell.metadata.get("tags", [])
        self._where = f"cell {number}/{len(self.code)}"
        self.transcript.begin()
        self._told = self._where, 0.0
        self.context.progress(self._where)
        say(f"── cell {number}/{len(self.code)}{' (parameters)' if injected else ''} ──")
        try:
            try:
                await runner.async_execute_cell(cell, index)
            finally:
                print(self.transcript.end(), end="", flush=True)
                self._tidy(runner, cell, index)
        except CellExecutionError as error:
            detail = ANSI.sub("", f"{error.ename}: {error.evalue}")
            if not error.ename.strip():
                # Of a shell one learns the exit status; what it said before tells more.
                detail = _last_words(cell.outputs) or detail.strip(": ")
            # R's errors begin with these words once more.
            detail = detail.removeprefix("ERROR: ")
            failure = classified(
                error.ename, error.evalue, network=self.context.network, offline=self._offline
            )
            if error.ename == "StdinNotImplementedError":
                detail += " (nobody can answer input() in a run)"
            raise self._stopped(failure, detail, number, index) from None
        except DeadKernelError:
            if self.full:
                raise self._stopped(*self._too_much(), number, index) from None
            say(kernel.last_words(self.context.folder))
            raise self._stopped(
                FailureClass.KERNEL_DIED, "the kernel died in this cell", number, index
            ) from None
        self._save(now=False)

    def heard(self, message: dict[str, Any]) -> bool:
        """Log what the kernel said; False when it has said more than a run may keep."""
        kind, content = message["msg_type"], message["content"]
        if kind in _WIDGETS and not self.full:
            self.transcript.comm(kind, content)
            self._tell()
        if kind == "clear_output":
            self.transcript.cleared()
        if kind not in _SHOWN or self.full:
            return not self.full
        if kind == "stream":
            self.left -= len(content["text"])
            if not (self.context.network or self._offline):
                self._offline = without_network(content["text"])
            text = self.transcript.stream(content["text"], content["name"])
        elif kind == "error":
            text = "\n".join(content["traceback"]) + "\n"
            self.left -= len(text)
            text = self.transcript.end() + self.transcript.stream(text)
        else:
            self.left -= sum(
                len(part) if isinstance(part, str) else len(json.dumps(part))
                for part in content["data"].values()
            )
            text = self.transcript.shown(kind, content["data"])
        print(text, end="", flush=True)
        self._tell()
        self.full = self.left < 0
        return not self.full

    def _tidy(self, runner: _Client, cell: Any, index: int) -> None:
        """Bring the outputs of a cell in order; nbclient still finds displays to be updated."""
        before = list(cell.outputs)
        cell.outputs = coalesced(before)
        places = {id(output): place for place, output in enumerate(cell.outputs)}
        for cells in runner._display_id_map.values():
            if index in cells:
                cells[index] = [places[id(before[place])] for place in cells[index]]

    def _tell(self) -> None:
        """Report how far the cell is, where a progress bar says so; not more often than is read."""
        percent = self.transcript.percent
        where = self._where if percent is None else f"{self._where} · {percent} %"
        said, at = self._told
        now = time.monotonic()
        if where != said and now - at >= _TOLD_EVERY:
            self._told = where, now
            self.context.progress(where)

    def _stopped(self, failure: FailureClass, detail: str, number: int, index: int) -> RunFailed:
        """Mark the cell that stopped, save the notebook, and make the error."""
        cell = self.notebook.cells[index]
        cell.metadata[METADATA_KEY] = {"failed": True}
        if self.full:
            cell.outputs = []
        if self._runner is not None:
            self._runner.set_widgets_metadata()
        self._save()
        return RunFailed(failure, detail, step=StepName.RUN.value, cell=number, cell_index=index)

    def _too_much(self) -> tuple[FailureClass, str]:
        most = self.context.spec.limits.notebook / 1e6
        return FailureClass.OUTPUT_LIMIT, f"the outputs are larger than {most:g} MB together"

    def _save(self, *, now: bool = True) -> None:
        started = time.monotonic()
        if not now and started < self._save_not_before:
            return
        data = json.dumps(self.notebook, ensure_ascii=False, indent=1).encode(
            "utf-8", "surrogatepass"
        )
        if len(data) > 2 * self.context.spec.limits.notebook + 1_000_000:
            # Outputs are counted as they come; this is for what is not, such as widgets' state.
            raise RunFailed(*self._too_much(), step=StepName.RUN.value)
        replace(self.context.folder.executed, data)
        took = time.monotonic() - started
        self._save_not_before = started + _SAVE_AGAIN_AFTER * took


def _last_words(outputs: list[Any]) -> str:
    """The last line that was printed, of an error first."""
    for name in ("stderr", "stdout"):
        texts = [o["text"] for o in outputs if o["output_type"] == "stream" and o["name"] == name]
        lines = [line.strip() for line in ANSI.sub("", "".join(texts)).splitlines()]
        if said := next((line for line in reversed(lines) if line), ""):
            return said
    return ""


def say(text: str) -> None:
    """Write a line of our own to the log of the step."""
    if text:
        print(text, flush=True)


def _complete(content: dict[str, Any]) -> dict[str, Any]:
    """Give every cell the parts that nbclient relies on; old outputs are dropped."""
    cells = []
    for found in content["cells"]:
        cell = {**found, "source": source_of(found)}
        if not isinstance(cell.get("metadata"), dict):
            cell["metadata"] = {}
        cell.setdefault("cell_type", "raw")
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
            cell["metadata"] = {k: v for k, v in cell["metadata"].items() if k != METADATA_KEY}
        cells.append(cell)
    metadata = content.get("metadata")
    return {**content, "cells": cells, "metadata": metadata if isinstance(metadata, dict) else {}}
