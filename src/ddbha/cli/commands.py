"""The command line: `ddbha tour`, `serve`, `options`, `doctor` and `--version`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from ddbha.cli import comparison, doctor, serve, tour
from ddbha.errors import DdbhaError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the arguments name."""
    parser = argparse.ArgumentParser(
        prog="ddbha", description="DynamoDB in this process, with high availability simulated."
    )
    parser.add_argument("--version", action="version", version=f"ddbha {version('ddbha')}")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("tour", help="a guided run").set_defaults(run=lambda options: tour.run())
    _add_serve(commands)
    _add_options(commands)
    commands.add_parser("doctor", help="versions, operations, and what is installed here").set_defaults(
        run=lambda options: doctor.run()
    )
    options = parser.parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has seen enough, as `head` does; nothing is left to be written when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except DdbhaError as error:
        parser.exit(1, f"ddbha: {error}\n")


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "serve",
        help="an HTTP endpoint for any AWS SDK and the aws command line",
    )
    serve.add_arguments(parser)
    parser.set_defaults(run=serve.run)


def _add_options(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "options",
        help="what each option of high availability is worth in each disaster, measured",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("workloads", nargs="*", default=["session store"], help="shipped workloads")
    parser.add_argument("--seeds", type=int, default=2, help="rehearsals of each cell")
    parser.add_argument("--markdown", action="store_true", help="a table for a page")
    parser.add_argument("--html", help="write a page with charts to this file as well")
    parser.set_defaults(run=lambda options: comparison.run(options))
