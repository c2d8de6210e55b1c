"""The program of an image that does what its challenge's data tell it to: `train.py` in there."""

import os
from pathlib import Path

os.chdir(Path(os.environ["CHALLENGE_OUTPUT"]).parent)
exec(Path(os.environ["CHALLENGE_INPUT"], "train.py").read_text(), {"__name__": "__main__"})
