"""What a world remembers of a test to tell when it fails: on one screen, and all of it in a file."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from math import inf
from pprint import pformat
from textwrap import shorten, wrap
from typing import Any

from attrs import define

from ddbha.api.registry import Caller
from ddbha.engine import Engine
from ddbha.errors import AwsError, NoAnswer
from ddbha.observe.events import Event
from ddbha.settings import Settings
from ddbha.testing import wording

#: How many requests are remembered.
_KEPT = 1000
#: Lines that one request or event may take on the screen.
_LINES_EACH = 2
#: Lines of a terminal that pytest needs for the failure itself.
_LINES_OF_PYTEST = 12
_FEWEST_LINES = 8
_MOST_LINES = 30


@define(eq=False)
class Asked:
    """A request, and what came of it."""

    #: Its place among the events: behind as many as there had been.
    place: float
    time: float
    region: str
    operation: str
    request: dict[str, Any]
    result: dict[str, Any] | AwsError | NoAnswer | None = None

    def __str__(self) -> str:
        words = wording.asked(self.operation, self.request)
        if isinstance(self.result, dict):
            told = wording.answered(self.operation, self.result)
        else:
            told = "unfinished" if self.result is None else wording.failed(self.result)
        return f"{words}: {told}" if told else words

    @property
    def whole(self) -> str:
        """Everything that was asked and told."""
        told = self.result if isinstance(self.result, dict) else str(self)
        return f"{self.operation}\n{_indented('asked', self.request)}\n{_indented('told', told)}"


class TellingEngine(Engine):
    """An engine that remembers its newest requests."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.newest: deque[Asked] = deque(maxlen=_KEPT)

    def call(
        self,
        service: str,
        operation: str,
        params: dict[str, Any],
        caller: Caller,
        *,
        typed: bool = False,
        client: str = "",
        patience: float = inf,
    ) -> dict[str, Any]:
        """As `Engine.call`."""
        asked = Asked(self.events.added - 0.5, self.clock.time(), caller.region, operation, params)
        self.newest.append(asked)
        try:
            answer = super().call(
                service, operation, params, caller, typed=typed, client=client, patience=patience
            )
        except (AwsError, NoAnswer) as error:
            asked.result = error
            raise
        asked.result = answer
        return answer


def mark(newest: Iterable[Asked], failure: BaseException | None) -> tuple[Asked | None, bool]:
    """The request that made a test fail, or else the last one before it failed; and which it is."""
    requests = list(newest)
    operation = getattr(failure, "operation_name", None)
    code = getattr(failure, "response", {}).get("Error", {}).get("Code")
    for asked in reversed(requests):
        if operation == asked.operation and code == getattr(asked.result, "code", None):
            return asked, True
        if isinstance(asked.result, NoAnswer) and type(failure).__module__ == "botocore.exceptions":
            return asked, True
    return (requests[-1] if requests else None), False


def screen(
    newest: Iterable[Asked],
    events: Iterator[tuple[int, Event]],
    failure: BaseException | None,
    *,
    columns: int,
    lines: int,
) -> tuple[str, int]:
    """The newest requests and events in words, wrapped; and how many older ones are left out.

    The request is marked that made the test fail, `>>>`, or else the last one before it failed, `>`.
    """
    marked, is_it = mark(newest, failure)
    sign = ">>>" if is_it else "  >"
    told = list(_placed(newest, events))
    left = min(max(lines - _LINES_OF_PYTEST, _FEWEST_LINES), _MOST_LINES)
    shown: list[str] = []
    number = len(told)
    regions = {one.region for one in told} - {""}
    date = ""
    while number:
        one = told[number - 1]
        when = datetime.fromtimestamp(one.time, timezone.utc)
        date = f"{when:%Y-%m-%d}"
        where = f" {one.region}" if len(regions) > 1 and one.region else ""
        text = f"{when:%H:%M:%S}.{when.microsecond // 1000:03}{where} {_words(one)}"
        block = _wrapped(text, sign if one is marked else "   ", columns)
        if len(shown) + len(block) > left and one is not marked:
            break
        shown = block + shown
        number -= 1
        if one is marked:
            # Whatever came after it, there is room for some of what came before.
            left = max(left, len(shown) + _FEWEST_LINES // 2)
    meaning = "this request failed" if is_it else "the last request before the failure"
    where = f" in {regions.pop()}" if len(regions) == 1 else ""
    return "\n".join([f"timeline of {date}{where} ({sign.strip()} {meaning}):", *shown]), number


def whole(newest: Iterable[Asked], events: Iterator[tuple[int, Event]]) -> str:
    """Everything that is remembered, with every request and answer as it was."""
    return "\n\n".join(
        f"{datetime.fromtimestamp(one.time, timezone.utc).isoformat()} {one.region} "
        f"{one.whole if isinstance(one, Asked) else _words(one)}"
        for one in _placed(newest, events)
    )


def _placed(newest: Iterable[Asked], events: Iterator[tuple[int, Event]]) -> Iterator[Asked | Event]:
    placed: list[tuple[float, Asked | Event]] = [(asked.place, asked) for asked in newest]
    placed += [(number - 1, event) for number, event in events]
    # In the order in which they happened; the clock may have been set back.
    return (one for _, one in sorted(placed, key=lambda pair: pair[0]))


def _words(one: Asked | Event) -> str:
    if isinstance(one, Asked):
        return str(one)
    details = ", ".join(
        str(value) if name == "fault" else f"{name} {value}" for name, value in one.details.items()
    )
    return f"{one.kind.replace('-', ' ')}: {details}" if details else one.kind.replace("-", " ")


def _wrapped(text: str, sign: str, columns: int) -> list[str]:
    room = max(columns - 6, 40)
    text = shorten(text, room * _LINES_EACH - 8, placeholder=" …")
    first, *rest = wrap(text, room, subsequent_indent="    ", break_on_hyphens=False)
    return [f"{sign} {first}", *(f"    {line}" for line in rest)]


def _indented(label: str, value: Any) -> str:
    text = pformat(value, width=110, sort_dicts=False) if isinstance(value, dict) else str(value)
    return "\n".join(f"    {label}  {line}" for line in text.splitlines())
