"""What the console's buttons do to the world that no operation does.

An action is an object with the name of one of `ACTIONS` as `action`, and its arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ddbha.engine import Engine
from ddbha.errors import UsageError
from ddbha.server.console import fault_menu
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


def _begin_fault(engine: Engine, view: View, wanted: Arguments) -> None:
    fault_menu.begin(engine.faults, wanted.get("fault"), wanted.get("arguments", {}))


def _end_fault(engine: Engine, view: View, wanted: Arguments) -> None:
    view.faults.find(wanted.get("number")).end()


def _end_all_faults(engine: Engine, view: View, wanted: Arguments) -> None:
    engine.faults.end_all()


def _advance(engine: Engine, view: View, wanted: Arguments) -> None:
    seconds = wanted.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise UsageError("seconds= is a number.")
    if not 0 < seconds <= LONGEST_STEP:
        raise UsageError(f"seconds= is more than 0 and at most {LONGEST_STEP}.")
    engine.clock.advance(seconds=seconds)


ACTIONS: dict[str, Callable[[Engine, View, Arguments], None]] = {
    "begin_fault": _begin_fault,
    "end_fault": _end_fault,
    "end_all_faults": _end_all_faults,
    "advance": _advance,
}
