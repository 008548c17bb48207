"""`python -m ddbha` is the command line."""

from ddbha.cli import main

main()
