"""Your own evaluation; used when `evaluator` is set in challenge.yaml."""


def evaluate(labels, predictions):
    """Score predictions.

    Both arguments are pandas data frames with the same ids in the same rows: `labels` has the
    columns of the labels' file, `predictions` those that the challenge asks for. The function
    runs once for each board, with the rows of that board.

    Return a number for each metric, or a dictionary with more about it.
    """
    error = (predictions["energy"] - labels["energy"]).abs()
    close = error <= 0.1 * labels["energy"].abs()
    n = len(labels)
    share = float(close.mean())
    return {
        "within_ten_percent": {
            "value": share,
            "stderr": (share * (1 - share) / n) ** 0.5,
            "n": n,
        },
        "worst": float(error.max()),
    }
