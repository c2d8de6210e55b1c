"""How many threads the libraries in a run may start."""


def threads_for(cpu: float) -> int:
    """How many threads libraries may start for so many cores."""
    return max(1, int(cpu))
