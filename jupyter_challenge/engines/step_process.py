"""A step's own process: KFP's executor runs the component that the pipeline names.

The engine's child forks itself for each step, so that nothing is imported twice. Where it cannot
fork safely the same happens in a new interpreter (`python -m
jupyter_challenge.engines.step_process`), which gets the run on its standard input.
"""

from __future__ import annotations

import builtins
import json
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jupyter_challenge.core.errors import RunFailed
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import RunSpec
from jupyter_challenge.engines import lean
from jupyter_challenge.steps.context import StepContext, enter, reporter, translated
from jupyter_challenge.steps.folder import RunFolder

_print = builtins.print


def argument(command: Sequence[str], name: str) -> str:
    """Value of an option in KFP's command line."""
    return command[list(command).index(name) + 1]


def component(command: Sequence[str]) -> Callable[[StepContext], Any]:
    """Turn KFP's command line (sh, its script, the component's code, options) into a call."""

    def execute(_: StepContext) -> None:
        from kfp.dsl import executor_main

        # Its own lines (paths, executor input) are nothing that a log should show.
        executor_main._setup_logging = lambda: None
        code = command[list(command).index("--executor_input") - 1]
        with tempfile.TemporaryDirectory(dir=".") as folder:
            module = Path(folder).absolute() / "ephemeral_component.py"
            module.write_text(code, encoding="utf-8")
            sys.argv = [
                "executor_main",
                *("--component_module_path", str(module)),
                *("--executor_input", argument(command, "--executor_input")),
                *("--function_to_execute", argument(command, "--function_to_execute")),
            ]
            executor_main.executor_main()

    return execute


def perform(context: StepContext, step: Callable[[StepContext], Any], name: str) -> int:
    """Do a step in this process; returns its exit status and reports why it failed."""
    enter(context)
    # kfp.local indents what is printed and logs to standard output; a fork would inherit both.
    builtins.print = _print
    logging.basicConfig(level=logging.WARNING, force=True)
    try:
        step(context)
    except BaseException as error:
        failure = translated(error, StepName(name))
        if not isinstance(error, RunFailed):
            traceback.print_exc()
        context.failed(failure)
        if isinstance(error, RunFailed) and failure.detail:
            print(failure.detail)
    else:
        return 0
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                continue
    return 1


def main() -> int:
    """Do the step that the parent's message names: folder, run, KFP's command."""
    lean.keep_out()
    message = json.load(sys.stdin)
    context = StepContext(
        RunFolder(Path(message["folder"])),
        RunSpec.model_validate(message["spec"]),
        reporter(int(message["report"])),
    )
    step: Callable[[StepContext], Any]
    if message["command"]:
        step = component(message["command"])
    else:
        from jupyter_challenge.steps.collect import collect_output as step
    return perform(context, step, message["name"])


if __name__ == "__main__":
    os._exit(main())
