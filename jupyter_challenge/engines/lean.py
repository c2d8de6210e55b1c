"""Keep out of the engine's programs what libraries import and a run never uses.

Half of the time until a child can begin would go there.
"""

from __future__ import annotations

import sys
import types

from jupyter_challenge.steps import lean


def keep_out() -> None:
    """Call before kfp and nbformat are imported; only in programs of the engine's own."""
    lean.keep_out()
    # Client of a KFP server, with the Kubernetes client: half a second and 40 MB.
    if "kfp.client" not in sys.modules:
        client = types.ModuleType("kfp.client")
        client.Client = None  # type: ignore[attr-defined]
        sys.modules["kfp.client"] = client
