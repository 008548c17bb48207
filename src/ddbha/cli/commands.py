"""The command line: `ddbha tour`, `ddbha serve`, `ddbha doctor` and `ddbha --version`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import version

from ddbha import server
from ddbha.cli import comparison, doctor, tour
from ddbha.clock import ManualClock, SystemClock
from ddbha.errors import DdbhaError
from ddbha.world import World

_CLOCKS = {"manual": ManualClock, "system": SystemClock}


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
    except DdbhaError as error:
        parser.exit(1, f"ddbha: {error}\n")


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "serve",
        help="an HTTP endpoint for any AWS SDK and the aws command line",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default=server.LOOPBACK, help="the address to listen at")
    parser.add_argument(
        "--port", type=int, default=8000, help="the port to listen at, 0 for any free one"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that it is called by, beside loopback names and its address; '*' is any",
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="an origin whose web pages may use it, like http://localhost:3000; '*' is any",
    )
    parser.add_argument(
        "--more-region",
        action="append",
        default=[],
        metavar="NAME",
        help="a region that AWS does not have, like local, for programs that sign for it",
    )
    parser.add_argument("--seed", type=int, default=0, help="decides everything random")
    parser.add_argument(
        "--clock", choices=_CLOCKS, default="system", help="the machine's time, or one that stands still"
    )
    parser.set_defaults(run=_serve)


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


def _serve(options: argparse.Namespace) -> None:
    clock = _CLOCKS[options.clock]()
    world = World(seed=options.seed, clock=clock, more_regions=options.more_region)
    server.run(
        world.engine,
        host=options.host,
        port=options.port,
        allow_hosts=options.allow_host,
        allow_origins=options.allow_origin,
    )
