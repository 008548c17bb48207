"""`ddbha serve`: a world as an HTTP endpoint, empty or with what files hold."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import ClientError

from ddbha import server
from ddbha.boto.clients import default_region
from ddbha.clock import Clock, ManualClock, SystemClock
from ddbha.errors import AwsError, UsageError
from ddbha.world import World

_CLOCKS: dict[str, Callable[[], Clock]] = {"manual": ManualClock, "system": SystemClock}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a parser know the options of the command."""
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
    parser.add_argument("--seed", type=int, help="decides everything random; 0 unless said")
    parser.add_argument(
        "--clock",
        choices=_CLOCKS,
        help="the machine's time, or one that stands still; system unless said, or that of --load",
    )
    parser.add_argument("--load", metavar="FILE", help="the world that World.save kept in a file")
    parser.add_argument(
        "--template",
        action="append",
        default=[],
        metavar="FILE",
        help="create the tables of a CloudFormation template or the like, see World.create_from",
    )
    parser.add_argument(
        "--items",
        action="append",
        default=[],
        metavar="TABLE=FILE",
        help="put the items of a file into a table, see World.load_items",
    )
    parser.add_argument(
        "--region", help="where --template and --items have their tables; AWS_DEFAULT_REGION or us-east-1"
    )


def run(options: argparse.Namespace) -> None:
    """Make the world, and serve it until interrupted.

    Raises `UsageError` for options that contradict each other and for files that cannot be followed.
    """
    world = _world(options)
    _fill(world, options)
    server.run(
        world.engine,
        host=options.host,
        port=options.port,
        allow_hosts=options.allow_host,
        allow_origins=options.allow_origin,
    )


def _world(options: argparse.Namespace) -> World:
    if options.load is None:
        clock = _CLOCKS[options.clock or "system"]()
        return World(seed=options.seed or 0, clock=clock, more_regions=options.more_region)
    if options.seed is not None or options.more_region:
        raise UsageError("A world that is loaded has its seed and its regions: leave out what differs.")
    try:
        return World.load(options.load, clock=_CLOCKS[options.clock]() if options.clock else None)
    except OSError as error:
        raise _unreadable(options.load, error) from error


def _fill(world: World, options: argparse.Namespace) -> None:
    region = options.region or default_region()
    for path in options.template:
        try:
            world.create_from(Path(path), region=region)
        except OSError as error:
            raise _unreadable(path, error) from error
        except ClientError as error:
            raise UsageError(f"{path}: {error}") from error
    for given in options.items:
        table, separator, path = given.partition("=")
        if not (table and separator and path):
            raise UsageError(
                f"--items is like orders=orders.jsonl, a table and a file, and not {given!r}."
            )
        try:
            world.load_items(table, Path(path), region=region)
        except OSError as error:
            raise _unreadable(path, error) from error
        except AwsError as error:
            raise UsageError(f"{given}: {error.code}: {error.message}") from error


def _unreadable(path: str, error: OSError) -> UsageError:
    return UsageError(f"{path} cannot be read: {error.strerror or error}")
