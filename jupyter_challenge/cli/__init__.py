"""The command `jupyter challenge`."""

__all__ = ["main"]


def main() -> None:
    """Run the command; the entry point of `jupyter-challenge`."""
    import sys

    # httpx brings a command line of its own, with rich and pygments; a fifth of its import.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

    from jupyter_challenge.cli.group import challenge

    challenge(prog_name="jupyter challenge", complete_var="_JUPYTER_CHALLENGE_COMPLETE")
