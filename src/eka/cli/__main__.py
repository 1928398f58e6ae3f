"""`python -m eka.cli`: the command for processes that we start ourselves."""

from eka.cli.main import main

main()
