"""Boards and scores in a notebook cell, kept current while the kernel computes.

A cell is a Python object that asks, draws and writes every word; what runs in the browser
(`cells.js`) puts that on the screen and makes no request.
"""

from jupyter_challenge.widget.history import ScoreHistory
from jupyter_challenge.widget.leaderboard import Leaderboard

__all__ = ["Leaderboard", "ScoreHistory"]
