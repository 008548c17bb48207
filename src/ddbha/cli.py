"""The command line: `ddbha tour` and `ddbha --version`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import version

from ddbha import tour


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the arguments name."""
    parser = argparse.ArgumentParser(
        prog="ddbha", description="DynamoDB in this process, with high availability simulated."
    )
    parser.add_argument("--version", action="version", version=f"ddbha {version('ddbha')}")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("tour", help="a guided run").set_defaults(run=tour.run)
    parser.parse_args(arguments).run()
