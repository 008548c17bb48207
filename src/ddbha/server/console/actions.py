"""What the console's buttons do.

An action is an object with the name of one of `ACTIONS` as `action`, and its arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from ddbha.api.registry import Caller
from ddbha.engine import Engine
from ddbha.errors import UsageError
from ddbha.server.console.state import View

#: Seconds that the clock may be advanced by at once.
LONGEST_STEP = 366 * 24 * 3600

Arguments = dict[str, Any]


def perform(engine: Engine, view: View, wanted: Any) -> None:
    """Perform one action, all of it or nothing, while no request is answered.

    Raises `UsageError` for what is no action, and whatever the action raises.
    """
    name = wanted.get("action") if isinstance(wanted, dict) else None
    action = ACTIONS.get(name) if isinstance(name, str) else None
    if action is None:
        raise UsageError(f"action= is one of {', '.join(ACTIONS)}.")
    with engine.standstill():
        action(engine, view, wanted)


def _fail_zone(engine: Engine, view: View, wanted: Arguments) -> None:
    engine.faults.zone_outage(_text(wanted, "zone"))


def _fail_region(engine: Engine, view: View, wanted: Arguments) -> None:
    engine.faults.region_outage(_text(wanted, "region"))


def _cut_link(engine: Engine, view: View, wanted: Arguments) -> None:
    engine.faults.network_cut(_text(wanted, "region"), _text(wanted, "other"))


def _end_fault(engine: Engine, view: View, wanted: Arguments) -> None:
    view.fault(wanted.get("fault")).end()


def _advance(engine: Engine, view: View, wanted: Arguments) -> None:
    seconds = wanted.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise UsageError("seconds= is a number.")
    if not 0 < seconds <= LONGEST_STEP:
        raise UsageError(f"seconds= is more than 0 and at most {LONGEST_STEP}.")
    engine.clock.advance(seconds=seconds)


def _back_up(engine: Engine, view: View, wanted: Arguments) -> None:
    table = _text(wanted, "table")
    name = f"console-{engine.clock.now():%Y%m%dT%H%M%S}"
    request = {"TableName": table, "BackupName": name}
    engine.call("dynamodb", "CreateBackup", request, _caller(engine, wanted), client="console")


def _restore(engine: Engine, view: View, wanted: Arguments) -> None:
    caller, arn = _caller(engine, wanted), _text(wanted, "backup")
    request = {"BackupArn": arn}
    described = engine.call("dynamodb", "DescribeBackup", request, caller, client="console")
    source = described["BackupDescription"]["SourceTableDetails"]["TableName"]
    tables = engine.region(caller).tables
    names = (f"{source}-restored{'' if number == 1 else f'-{number}'}" for number in count(1))
    target = next(name for name in names if name not in tables)
    request = {"BackupArn": arn, "TargetTableName": target}
    engine.call("dynamodb", "RestoreTableFromBackup", request, caller, client="console")


ACTIONS: dict[str, Callable[[Engine, View, Arguments], None]] = {
    "fail_zone": _fail_zone,
    "fail_region": _fail_region,
    "cut_link": _cut_link,
    "end_fault": _end_fault,
    "advance": _advance,
    "back_up": _back_up,
    "restore": _restore,
}


def _caller(engine: Engine, wanted: Arguments) -> Caller:
    """Who asks and where: of the accounts and regions that the world knows, which are those shown."""
    account, region = _text(wanted, "account"), _text(wanted, "region")
    if engine.regions.find(account, region) is None:
        raise UsageError("account= and region= are those of a region that is shown.")
    return Caller(account, region)


def _text(wanted: Arguments, name: str) -> str:
    value = wanted.get(name)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{name}= is missing.")
    return value
