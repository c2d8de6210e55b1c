"""`python -m jupyter_challenge.cli`, where the command is not on the path."""

from jupyter_challenge.cli import main

main()
