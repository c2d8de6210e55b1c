"""The program of a run's pod: the compiled pipeline under `kfp.local`, told to whoever reads logs.

It is handed over as text, so it imports nothing but `kfp`, and nothing beside it. For measuring,
STANDIN_PACE has it take as long as a real server for what there is none of here: seconds from the
run's making to the first task, for a task's driver, for the pod of a task that does nothing, and
until the server knows of the end.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import time


def main() -> int:
    pipeline, parameters = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    os.chdir(tempfile.mkdtemp(prefix="run-"))
    from kfp import components, local
    from kfp.local import subprocess_task_handler

    run_step = subprocess_task_handler.run_local_subprocess
    pace = os.environ.get("STANDIN_PACE") or "0 0 0 0"
    first, driver, executor, lag = map(float, pace.split())
    if executor:
        executor -= nothing()  # which each task takes here too

    done = os.environ.get("STANDIN_DONE", "").split()

    def told(full_command, env_vars=None):  # type: ignore[no-untyped-def]
        name = argument(full_command, "--function_to_execute")
        if name in done:
            make_empty(full_command)
            return 0
        time.sleep(max(0, driver + executor))
        say(task=name, state="RUNNING")
        status = run_step(full_command, env_vars)
        say(task=name, state="SUCCEEDED" if status == 0 else "FAILED")
        if status == 0:
            for artifact in made(full_command):
                say(of=name, **artifact)
        return status

    subprocess_task_handler.run_local_subprocess = told
    logging.disable(logging.INFO)
    local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root="outputs")
    begins = float(os.environ.get("STANDIN_CREATED") or 0) + first
    time.sleep(max(0, begins - time.time()))
    status = 0
    try:
        components.load_component_from_text(json.dumps(pipeline))(**parameters)
    except RuntimeError as error:
        print(error, flush=True)
        status = 1
    time.sleep(lag)
    return status


def nothing():  # type: ignore[no-untyped-def]
    """Seconds that a task takes which does nothing."""
    began = time.monotonic()
    command = [sys.executable, "-c", "import kfp.dsl.executor_main"]
    subprocess.run(command, env={**os.environ, "_KFP_RUNTIME": "true"}, check=True)
    return time.monotonic() - began


def made(command):  # type: ignore[no-untyped-def]
    """What a step made of its artifacts: a real launcher prints that too."""
    outputs = json.loads(argument(command, "--executor_input"))["outputs"]
    told = {}
    if os.path.exists(outputs["outputFile"]):
        with open(outputs["outputFile"]) as file:
            told = json.load(file).get("artifacts") or {}
    for name, given in (outputs.get("artifacts") or {}).items():
        artifact = (told.get(name) or given)["artifacts"][0]
        yield {
            "artifact": name,
            "type": given["artifacts"][0]["type"]["schemaTitle"],
            "uri": artifact["uri"],
            "metadata": artifact.get("metadata") or {},
        }


def make_empty(command):  # type: ignore[no-untyped-def]
    """Have the outputs of a step, with nothing in them."""
    outputs = json.loads(argument(command, "--executor_input"))["outputs"]
    os.makedirs(os.path.dirname(outputs["outputFile"]), exist_ok=True)
    with open(outputs["outputFile"], "w") as file:
        json.dump({"artifacts": outputs.get("artifacts") or {}}, file)


def argument(command, name):  # type: ignore[no-untyped-def]
    return command[command.index(name) + 1]


def say(**what: object) -> None:
    os.write(1, (json.dumps(what) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main())
