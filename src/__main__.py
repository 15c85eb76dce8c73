"""`python -m src`: the command line of `src.cli`."""

from src.cli import app

app()
