"""`python -m src`: the command line of `src.cli`."""

import sys

from src.cli import COMMANDS, command_line

command_line(*(name for name in sys.argv[1:2] if name in COMMANDS))()
