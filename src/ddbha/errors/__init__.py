"""Every error that leaves the engine.

`AwsError` and its subclasses are what DynamoDB answers: a code, a message, an HTTP status and, for a
few of them, extra members of the error body.  `DdbhaError` and its subclasses are misuses of ddbha's
own API.  `NoAnswer` is the third outcome a caller can meet: the request was sent and nothing came back.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ddbha.errors.aws import *  # noqa: F403
from ddbha.errors.aws import AwsError
from ddbha.errors.resources import *  # noqa: F403


class NoAnswer(Exception):
    """The answer to a request is lost; whether it was done is known only to the engine.

    `kind` is what the client sees: read_timeout, connect_timeout, endpoint_connection or
    connection_closed.  It `waits` for as long as its own timeouts say, or is let go at once.
    """

    def __init__(self, kind: str, *, waits: bool = True) -> None:
        super().__init__(kind)
        self.kind = kind
        self.waits = waits


class FromOutside(Exception):
    """A function that a test handed over raised its `error` while a request was answered."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


class DdbhaError(Exception):
    """A misuse of ddbha's own API; the message says what is possible."""


class ClockError(DdbhaError):
    """A clock was asked for something it cannot do."""


class UnsettledError(DdbhaError):
    """Something that was due came up again and again at one moment; it says what: a fault of ddbha."""


class UnknownPlaceError(DdbhaError):
    """No zone, region, table, partition or index has that name."""


class UsageError(DdbhaError):
    """An argument or a call that makes no sense at this point."""


class WorldFileError(DdbhaError):
    """A file is no world that was saved, or not a whole one."""


class InvariantError(DdbhaError):
    """`World.verify` found something that must never happen."""


class FaultMetNothing(UserWarning):
    """A test began a fault that met no request, no replica and no link: it shows nothing."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about a name that there is not: what may have been meant."""
    near = get_close_matches(name, sorted(known), 2)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def error_class(code: str) -> type[AwsError] | None:
    """The class of the AWS error with `code`, if it is one that ddbha knows."""
    return _BY_CODE.get(code)


def error_codes() -> list[str]:
    """The codes of all AWS errors that ddbha knows, sorted."""
    return sorted(_BY_CODE)


_BY_CODE: dict[str, type[AwsError]] = {cls.code: cls for cls in AwsError.__subclasses__()}
