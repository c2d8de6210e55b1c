"""The program of a run's pod: the compiled pipeline under `kfp.local`, told to whoever reads logs.

It is handed over as text, so it imports nothing but `kfp`, and nothing beside it.
"""

import json
import logging
import os
import sys
import tempfile


def main() -> int:
    pipeline, parameters = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    os.chdir(tempfile.mkdtemp(prefix="run-"))
    from kfp import components, local
    from kfp.local import subprocess_task_handler

    run_step = subprocess_task_handler.run_local_subprocess

    def told(full_command, env_vars=None):  # type: ignore[no-untyped-def]
        name = full_command[full_command.index("--function_to_execute") + 1]
        say(name, "RUNNING")
        status = run_step(full_command, env_vars)
        say(name, "SUCCEEDED" if status == 0 else "FAILED")
        return status

    subprocess_task_handler.run_local_subprocess = told
    logging.disable(logging.INFO)
    local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root="outputs")
    try:
        components.load_component_from_text(json.dumps(pipeline))(**parameters)
    except RuntimeError as error:
        print(error, flush=True)
        return 1
    return 0


def say(task: str, state: str) -> None:
    os.write(1, (json.dumps({"task": task, "state": state}) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main())
