"""`python -m ddbha` is the command line."""

from ddbha.cli.commands import main

main()
