"""The program of a run's pod: the compiled pipeline under `kfp.local`, told to whoever reads logs.

It is handed over as text, so it imports nothing but `kfp`, and nothing beside it. STANDIN_PACE,
"SECONDS SECONDS", are waits before the first task and before each: what a real server takes for its
drivers and pods, for measuring.
"""

import json
import logging
import os
import sys
import tempfile
import time


def main() -> int:
    pipeline, parameters = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    os.chdir(tempfile.mkdtemp(prefix="run-"))
    from kfp import components, local
    from kfp.local import subprocess_task_handler

    run_step = subprocess_task_handler.run_local_subprocess
    at_first, each = map(float, (os.environ.get("STANDIN_PACE") or "0 0").split())

    def told(full_command, env_vars=None):  # type: ignore[no-untyped-def]
        name = argument(full_command, "--function_to_execute")
        time.sleep(each)
        say(task=name, state="RUNNING")
        status = run_step(full_command, env_vars)
        say(task=name, state="SUCCEEDED" if status == 0 else "FAILED")
        outputs = json.loads(argument(full_command, "--executor_input"))["outputs"]
        for artifact, found in (outputs.get("artifacts") or {}).items():
            kind = found["artifacts"][0]["type"]["schemaTitle"]
            say(artifact=artifact, of=name, type=kind)
        return status

    subprocess_task_handler.run_local_subprocess = told
    logging.disable(logging.INFO)
    local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root="outputs")
    time.sleep(at_first)
    try:
        components.load_component_from_text(json.dumps(pipeline))(**parameters)
    except RuntimeError as error:
        print(error, flush=True)
        return 1
    return 0


def argument(command, name):  # type: ignore[no-untyped-def]
    return command[command.index(name) + 1]


def say(**what: str) -> None:
    os.write(1, (json.dumps(what) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main())
