"""The faults that can be chosen from a menu: those of `world.faults`, as their signatures tell.

There is no second list: a fault or an argument that is added there is in the menu.  Left out are
arguments that JSON cannot be, such as functions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from attrs import frozen

from ddbha.errors import UsageError
from ddbha.faults.catalogue import Faults
from ddbha.faults.experiments import Alarm, Experiment
from ddbha.faults.fault import Fault

_ABSENT = inspect.Parameter.empty
#: What the world can propose for an argument, by how the argument is called.
_PROPOSED = {name: name for name in ("zone", "region", "place", "table", "index")}
_PROPOSED["away_from"] = "zone"


class _Unpacked:
    """Stands for `typing.Unpack`, which Python 3.10 does not have."""

    def __class_getitem__(cls, item: Any) -> Any:
        return item


#: What the signatures of faults name that the module of the catalogue does not import.
_NAMES = {"Unpack": _Unpacked, "Alarm": Alarm, "Experiment": Experiment}


@frozen
class Argument:
    """One argument of a fault.

    `kind` is text, number, whole, range (a number, or two of them), flag, choice or json (an object).
    """

    name: str
    kind: str
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()
    #: What may be meant of what is there: a zone, region, place (either), table or index; or anything.
    proposed: str = ""

    def read(self, value: Any) -> Any:
        """A value from JSON as the fault takes it; `UsageError` for another type."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        fits = {
            "text": isinstance(value, str) and value != "",
            "choice": isinstance(value, str) and value in self.choices,
            "flag": isinstance(value, bool),
            "whole": number and isinstance(value, int) and abs(value) < 10**9,
            "number": number and _is_small(value),
            "json": isinstance(value, (dict, str)),
        }
        if self.kind == "range" and isinstance(value, list) and len(value) == 2:
            low, high = (float(one) if _is_number(one) else -1.0 for one in value)
            if 0 <= low <= high:
                return low, high
        elif fits.get(self.kind, number and _is_small(value)):
            return value
        raise UsageError(f"{self.name}= is {self._expected()}.")

    def _expected(self) -> str:
        if self.kind == "choice":
            return f"one of {', '.join(self.choices)}"
        return {
            "text": "a text",
            "flag": "true or false",
            "whole": "a whole number",
            "range": "a number, or two of which the second is not smaller",
            "json": "an object",
        }.get(self.kind, "a number")


@cache
def menu() -> dict[str, tuple[str, tuple[Argument, ...]]]:
    """By name of the fault: what it does, in the first words of its documentation, and its arguments."""
    found = {}
    for name, method in inspect.getmembers(Faults, inspect.isfunction):
        if name.startswith("_"):
            continue
        hints = get_type_hints(method, localns=_NAMES)
        if hints.get("return") in (Fault, Experiment):
            text = (inspect.getdoc(method) or "").split("\n\n")[0].replace("\n", " ")
            found[name] = text, tuple(_arguments(method, hints))
    return found


def begin(faults: Faults, name: object, given: object) -> Fault | Experiment:
    """Start a fault with arguments from JSON; `UsageError` for what it does not take."""
    if not isinstance(name, str) or name not in menu():
        raise UsageError(f"fault= is one of {', '.join(menu())}.")
    if not isinstance(given, dict):
        raise UsageError("arguments= is an object.")
    known = {argument.name: argument for argument in menu()[name][1]}
    for word in given:
        if word not in known:
            raise UsageError(f"{name} takes no {word[:40]}=; it takes {', '.join(known)}.")
    for argument in known.values():
        if argument.required and argument.name not in given:
            raise UsageError(f"{name} needs {argument.name}=.")
    method: Callable[..., Fault | Experiment] = getattr(faults, name)
    parameters = inspect.signature(method).parameters
    read = {word: known[word].read(value) for word, value in given.items()}
    in_order = [
        read.pop(word)
        for word, parameter in parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and word in read
    ]
    return method(*in_order, **read)


def _arguments(method: Callable[..., Any], hints: Mapping[str, Any]) -> Iterable[Argument]:
    first = ""
    for name, parameter in inspect.signature(method).parameters.items():
        if name == "self":
            continue
        first = first or name
        if parameter.kind is parameter.VAR_KEYWORD:
            # The choice of requests: all of its members may be left out.
            for word, hint in get_type_hints(hints[name]).items():
                yield from _argument(word, hint, None, first)
        else:
            yield from _argument(name, hints[name], parameter.default, first)


def _argument(name: str, hint: Any, default: Any, first: str) -> Iterable[Argument]:
    kind, choices = _kind(hint)
    if not kind:
        return
    # The other one is what the first one is: a zone or a region.
    proposed = first if name == "other" else name
    yield Argument(
        name,
        kind,
        required=default is _ABSENT,
        default=None if default is _ABSENT or not isinstance(default, (str, int, float)) else default,
        choices=choices,
        proposed=_PROPOSED.get(proposed, ""),
    )


def _kind(hint: Any) -> tuple[str, tuple[str, ...]]:
    """The kind of an argument, empty if JSON cannot be it, and what there is to choose from."""
    if get_origin(hint) is Literal:
        return "choice", get_args(hint)
    options = set(get_args(hint)) if get_origin(hint) in (Union, UnionType) else {hint}
    options -= {NoneType, timedelta}
    if len(options) == 1 and get_origin(one := next(iter(options))) is Literal:
        return "choice", get_args(one)
    for types, kind in (({bool}, "flag"), ({str}, "text"), ({int}, "whole"), ({float}, "number")):
        if options == types:
            return kind, ()
    if float in options and any(get_origin(option) is tuple for option in options):
        return "range", ()
    if any(get_origin(option) is Literal for option in options):
        # A text of which some are known.
        return "text", ()
    if str in options and any(_is_mapping(option) for option in options):
        return "json", ()
    return "", ()


def _is_mapping(hint: Any) -> bool:
    origin = get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and _is_small(value)


def _is_small(value: float) -> bool:
    """Whether it can be a number of seconds, up to thirty years; JSON has numbers of any length."""
    return abs(value) < 10**9 and (isinstance(value, int) or isfinite(value))
