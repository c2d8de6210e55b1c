"""The kernel of a run: found by its kernelspec, launched, or taken when one stands ready.

A kernel that was launched ahead waits in the run's own folder with the run's own environment.
It is used when the notebook asks for just that kernel; otherwise it is ended and the right one
launched. Either way it is a plain kernel that has executed nothing before.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import write_connection_file
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.steps.folder import MARKER, RunFolder

DEFAULT_KERNEL = "python3"
STARTUP_TIMEOUT = 120
_OURS = ("PYTHONSAFEPATH", "OPENBLAS_NUM_THREADS", "JE_ARROW_MALLOC_CONF")
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "POLARS_MAX_THREADS",
    "JULIA_NUM_THREADS",
)


@dataclass(frozen=True)
class ReadyKernel:
    """A kernel that was launched ahead: its kernelspec and its process."""

    name: str
    pid: int


ready: ReadyKernel | None = None
"""The kernel that stands ready in this run's folder; set before the run step is forked."""


def environment(folder: RunFolder, threads: int) -> dict[str, str]:
    """Environment of a kernel: this process's filtered one and what a run promises."""
    env = {name: value for name, value in os.environ.items() if name not in _OURS}
    env.update(dict.fromkeys(_THREADS, str(threads)))
    env.update(
        CHALLENGE_INPUT=str(folder.input),
        CHALLENGE_OUTPUT=str(folder.output),
        CHALLENGE_STATE=str(folder.state),
        HOME=str(folder.home),
        TMPDIR=str(folder.tmp),
    )
    env[MARKER] = folder.key
    return env


def find_kernelspec(name: str) -> KernelSpec:
    """Find a kernelspec.

    Raises:
        RunFailed: no_kernel, naming those that are installed.
    """
    manager = KernelSpecManager()
    try:
        return manager.get_kernel_spec(name)
    except NoSuchKernel:
        installed = ", ".join(sorted(manager.find_kernel_specs())) or "none"
        raise RunFailed(
            FailureClass.NO_KERNEL, f'kernel "{name}" is not installed; there is: {installed}'
        ) from None


def launch_ahead(
    folder: RunFolder,
    name: str = DEFAULT_KERNEL,
    before_exec: Callable[[], object] | None = None,
) -> ReadyKernel | None:
    """Launch a kernel before anybody asks for it; None when it cannot be.

    Its sockets are files in the run's own folder: no port that another run could take between
    choosing and binding, and nobody but the user can connect.
    """
    try:
        spec = find_kernelspec(name)
    except RunFailed:
        return None
    if "ipykernel_launcher" not in spec.argv:
        return None
    write_connection_file(
        fname=str(folder.connection),
        ip=str(folder.tmp / "k"),
        transport="ipc",
        key=os.urandom(32).hex().encode(),
        kernel_name=name,
    )
    command = [part.replace("{connection_file}", str(folder.connection)) for part in spec.argv]
    if command[0] in {"python", "python3", f"python3.{sys.version_info[1]}"}:
        command[0] = sys.executable
    env = {**environment(folder, 1), **(spec.env or {}), "JPY_PARENT_PID": str(os.getpid())}
    with folder.kernel_log.open("ab") as log:
        try:
            process = subprocess.Popen(
                [*command, "--HistoryManager.hist_file=:memory:"],
                cwd=folder.work,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=before_exec,
            )
        except OSError:
            return None
    return ReadyKernel(name, process.pid)


def running(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be reaped."""
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class AttachedProvisioner(KernelProvisionerBase):
    """Hands a kernel that is already there to a kernel manager."""

    attached_pid: int | None = None

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel."""
        return self.attached_pid is not None

    async def poll(self) -> int | None:
        """Return None while the kernel runs."""
        return None if self.attached_pid is not None and running(self.attached_pid) else 1

    async def wait(self) -> int | None:
        """Wait for the kernel to end."""
        while await self.poll() is None:
            await asyncio.sleep(0.01)
        self.attached_pid = None
        return 0

    async def send_signal(self, signum: int) -> None:
        """Signal the kernel and what is in its process group."""
        if self.attached_pid is not None:
            try:
                os.killpg(self.attached_pid, signum)
            except ProcessLookupError:
                return

    async def kill(self, restart: bool = False) -> None:
        """End the kernel at once."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Nothing is held."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """There is nothing to launch."""
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Say how to connect."""
        assert self.parent is not None and ready is not None
        self.attached_pid = ready.pid
        self.parent.load_connection_file()
        return self.parent.get_connection_info()


class ReadyClient(AsyncKernelClient):
    """Client of a kernel that is up already: asks whether it is, without waiting to be sure."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return as soon as the kernel has answered and its output channel is heard.

        Raises:
            RuntimeError: The kernel died or did not answer in time.
        """
        until = time.monotonic() + (timeout or STARTUP_TIMEOUT)
        answered = heard = False
        while not (answered and heard):
            self.kernel_info()
            try:
                while not answered:
                    reply = await self.shell_channel.get_msg(timeout=1)
                    answered = reply["msg_type"] == "kernel_info_reply"
                while not heard:
                    message = await self.iopub_channel.get_msg(timeout=0.05)
                    heard = message["msg_type"] == "status"
            except Empty:
                pass
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > until:
                raise RuntimeError(f"Kernel did not answer in {timeout} seconds")


async def connect(
    name: str, folder: RunFolder, cpu: float
) -> tuple[AsyncKernelManager, AsyncKernelClient]:
    """Start the kernel `name`, or take the one that stands ready, and connect to it.

    Raises:
        RunFailed: no_kernel; kernel_died when it does not come up.
    """
    spec = find_kernelspec(name)
    threads = max(1, int(cpu))
    taken = ready is not None and ready.name == name
    if ready is not None and not (taken and running(ready.pid)):
        _end(ready.pid)
        folder.connection.unlink(missing_ok=True)
        taken = False
    manager = AsyncKernelManager(kernel_name=name, connection_file=str(folder.connection))
    arguments: list[str] = []
    if taken:
        manager.provisioner = AttachedProvisioner(kernel_id="", kernel_spec=spec, parent=manager)
        manager.client_factory = ReadyClient
    elif manager.ipykernel:
        arguments = ["--HistoryManager.hist_file=:memory:"]
    try:
        with folder.kernel_log.open("ab") as log:
            await manager.start_kernel(
                cwd=str(folder.work),
                env=environment(folder, threads),
                extra_arguments=arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
    except FileNotFoundError as error:
        raise RunFailed(
            FailureClass.NO_KERNEL, f'kernel "{name}" is listed but cannot start: {error}'
        ) from error
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=STARTUP_TIMEOUT)
    except RuntimeError as error:
        client.stop_channels()
        await end(manager)
        raise RunFailed(
            FailureClass.KERNEL_DIED, f'kernel "{name}" did not start: {last_words(folder)}'
        ) from error
    client.allow_stdin = False
    if taken:
        await _set_threads(client, threads)
    return manager, client


async def _set_threads(client: AsyncKernelClient, threads: int) -> None:
    """Set the variables that a kernel could not be given before its run was known.

    Libraries read them when they are imported, and nothing is imported yet.
    """
    values = dict.fromkeys(_THREADS, str(threads))
    asked = client.execute(
        f"__import__('os').environ.update({values!r})", silent=True, store_history=False
    )
    while (await client.get_shell_msg(timeout=STARTUP_TIMEOUT))["parent_header"].get(
        "msg_id"
    ) != asked:
        pass


async def end(manager: AsyncKernelManager) -> None:
    """Kill a kernel: it has said all it had to say, and asking it to end can take seconds."""
    provisioner = manager.provisioner
    if provisioner is not None and provisioner.has_process:
        await provisioner.kill()
        while await provisioner.poll() is None:
            await asyncio.sleep(0.002)
        await provisioner.wait()
    await manager.cleanup_resources()


def last_words(folder: RunFolder, most: int = 2_000) -> str:
    """End of what the kernel's process wrote past Jupyter; empty when there is nothing."""
    try:
        with folder.kernel_log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - most))
            return file.read().decode(errors="replace").strip()
    except OSError:
        return ""


def _end(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    until = time.monotonic() + 5
    while running(pid) and time.monotonic() < until:
        time.sleep(0.005)
