"""The command `jupyter challenge`."""

__all__ = ["main"]


def main() -> None:
    """Run the command; the entry point of `jupyter-challenge`."""
    from jupyter_challenge.cli.group import challenge

    challenge(prog_name="jupyter challenge", complete_var="_JUPYTER_CHALLENGE_COMPLETE")
