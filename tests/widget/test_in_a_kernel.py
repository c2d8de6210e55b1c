"""Cells in a real kernel: what travels, and that it travels while the kernel computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_challenge.client import Client
from tests.widget.conftest import Kernel, score

VIEW = "application/vnd.jupyter.widget-view+json"
CELL = "application/vnd.jupyter-challenge.cell+json"


def shown(heard: list[dict[str, Any]]) -> dict[str, Any]:
    (message,) = [m for m in heard if m["msg_type"] == "display_data"]
    return message["content"]


def news_of(content: dict[str, Any], *texts: str) -> Any:
    """Say of a message whether it is an update of a widget that shows some texts."""
    model = content["data"][VIEW]["model_id"]

    def wanted(message: dict[str, Any]) -> bool:
        if message["msg_type"] != "comm_msg" or message["content"]["comm_id"] != model:
            return False
        said = str(message["content"]["data"].get("state", {}).get("state", ""))
        return all(text in said for text in texts)

    return wanted


def test_a_board_changes_while_a_cell_sleeps(
    client: Client, tiny: str, kernel: Kernel, tmp_path: Path
) -> None:
    heard = kernel.run(f"from jupyter_challenge import Leaderboard\nLeaderboard('{tiny}')")
    content = shown(heard)
    assert set(content["data"]) == {"text/plain", "text/html", VIEW, CELL}
    assert "No team is on this board yet" in content["data"]["text/html"]
    opened = {
        m["content"]["comm_id"]: m["content"]["data"]["state"]
        for m in heard
        if m["msg_type"] == "comm_open"
    }
    model = content["data"][VIEW]["model_id"]
    # A browser may miss what follows, so its first words are there from the beginning.
    assert opened[model]["own"] == model
    assert "No team is on this board yet" in opened[model]["state"]["empty"]

    sleeping = kernel.client.execute("import time; time.sleep(300); print('awake')")
    kernel.until(lambda m: m["msg_type"] == "execute_input")
    score(client, tmp_path, 9)
    kernel.until(news_of(content, "0.9000"))

    # The cell still sleeps: nothing of it was heard, and it has to be woken.
    of_it = [m for m in kernel.heard if m["parent_header"].get("msg_id") == sleeping]
    assert {m["msg_type"] for m in of_it} <= {"status", "execute_input", "comm_msg"}
    assert not any(m["content"].get("execution_state") == "idle" for m in of_it)
    kernel.manager.interrupt_kernel()
    kernel.until(
        lambda m: m["msg_type"] == "error" and m["content"]["ename"] == "KeyboardInterrupt"
    )


def test_my_scores_are_followed_and_the_saved_table_too(
    client: Client, tiny: str, kernel: Kernel, tmp_path: Path
) -> None:
    kernel.run("from jupyter_challenge.widget import cell; cell._STILL_EVERY = 0.0")
    heard = kernel.run(f"from jupyter_challenge import ScoreHistory\nh = ScoreHistory('{tiny}')\nh")
    content = shown(heard)
    assert "Nothing is scored yet" in content["data"]["text/html"]
    score(client, tmp_path, 8)
    updated = kernel.until(
        lambda m: (
            m["msg_type"] == "update_display_data" and "0.8000" in m["content"]["data"]["text/html"]
        )
    )
    assert updated["content"]["transient"] == content["transient"]
    assert "<svg" in updated["content"]["data"]["text/html"]

    # The thread goes with the last cell.
    heard = kernel.run(
        "import threading\n"
        "thread = h._watch.thread\n"
        "print(thread.name, thread.is_alive())\n"
        "h.close()\n"
        "thread.join(60)\n"
        "print(thread.is_alive(), h._watch.thread, h.to_frame().shape)"
    )
    said = "".join(m["content"]["text"] for m in heard if m["msg_type"] == "stream")
    assert said.splitlines() == ["jupyter-challenge-cells True", "False None (1, 8)"]
