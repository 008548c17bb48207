"""What a world can be told when it is made: one value, for all who make worlds.

A new setting is written here, as a field of `Settings` and a key of `Arguments`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from attrs import Attribute, asdict, field, fields_dict, frozen

from ddbha.clock import Clock, ManualClock, SystemClock, Timings
from ddbha.errors import UsageError
from ddbha.values.settings import Throughput

if TYPE_CHECKING:
    from typing_extensions import Self

_TIMINGS: dict[str, Callable[[], Timings]] = {"instant": Timings.instant, "aws": Timings.aws}
#: Settings that a world's file does not keep: what is alive, and what the file tells in its own way.
_NOT_SAVED = ("clock", "history", "s3", "timings", "on_demand_quota")


class Arguments(TypedDict, total=False):
    """What `World`, `mock`, the marker `ddbha` and (but for seed and clock) `explore` take by keyword."""

    seed: int
    clock: Clock | str | datetime | None
    account_id: str
    timings: Timings | Literal["instant", "aws"] | None
    item_collection_limit: int
    ttl_delay: float
    history: bool
    leader_lease: float | None
    stale_reads: float
    open_outcomes: bool
    s3: Any
    throttling: bool
    partition_size: float
    on_demand_quota: tuple[int, int]
    more_regions: Iterable[str]
    import_limit: float
    wording: Literal["newer", "older"]


def _clock(given: Clock | str | datetime | None) -> Clock:
    if given is None:
        return SystemClock()
    if isinstance(given, (str, datetime)):
        return ManualClock(given)
    if isinstance(given, Clock):
        return given
    raise UsageError(
        f"clock={given!r} is no clock: give ddbha.ManualClock(...), ddbha.SystemClock() or a time like "
        "'2026-01-01T00:00:00Z'."
    )


def _timings(given: Timings | str | None) -> Timings:
    if isinstance(given, Timings):
        return given
    if given is None:
        return Timings.instant()
    if given in _TIMINGS:
        return _TIMINGS[given]()
    raise UsageError(f"timings={given!r} are none: give 'instant', 'aws' or a ddbha.Timings.")


def _quota(given: Any) -> Throughput:
    if isinstance(given, Throughput):
        return given
    try:
        read, write = given
    except TypeError:
        read = write = None
    if not isinstance(read, int) or not isinstance(write, int):
        raise UsageError(f"on_demand_quota={given!r} is not a pair of read and write units a second.")
    return Throughput(read, write)


def _names(given: Any) -> tuple[str, ...]:
    if isinstance(given, str) or not all(isinstance(name, str) for name in given):
        raise UsageError(f"more_regions={given!r} is no list of names, like ['mars-north-1'].")
    return tuple(given)


def _at_least(least: float, unit: str) -> Callable[[Any, Attribute[Any], Any], None]:
    def check(settings: Any, attribute: Attribute[Any], value: Any) -> None:
        if value is None and attribute.default is None:
            return
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= least:
            wanted = "zero" if least == 0 else least
            raise UsageError(f"{attribute.name}={value!r}: those are {unit}, {wanted} or more.")

    return check


def _twelve_digits(settings: Any, attribute: Attribute[Any], value: Any) -> None:
    if not (isinstance(value, str) and len(value) == 12 and value.isascii() and value.isdigit()):
        raise UsageError(f"account_id={value!r} is no account: it has twelve digits, in quotes.")


def _whole(settings: Any, attribute: Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"seed={value!r} must be a whole number.")


def _newer_or_older(settings: Any, attribute: Attribute[Any], value: Any) -> None:
    if value not in ("newer", "older"):
        raise UsageError(f"wording={value!r} is none: AWS's wordings are 'newer' and 'older'.")


@frozen(kw_only=True)
class Settings:
    """What a world is made with; raises `UsageError` for what makes no sense.

    `timings` says how long control-plane transitions take on `clock`; `seed` decides everything random.
    A clock may be given as the time at which a `ManualClock` starts, timings as 'instant' or 'aws'.
    `item_collection_limit` is in bytes, for tables with local secondary indexes.
    `ttl_delay` is how many seconds longer than to the next whole minute expired items stay.
    `history` records what clients ask and are told, for `verify`.
    `s3` is a boto3 S3 client for exports and imports; without one they use `World.objects`.
    `throttling` holds on-demand tables to their partitions, their maximums and the account's
    `on_demand_quota` (read and write units a second of one table); provisioned tables always are held to
    what they provision.  A partition is split beyond `partition_size` bytes of items.

    An object that an import reads may have `import_limit` bytes once it is unpacked.

    Regions that AWS does not have are refused wherever one is named, but for `more_regions`.

    When a leader is lost, its successor serves after `leader_lease` seconds (None: what `timings` say).
    Eventually consistent reads that do not meet a leader show the past, up to `stale_reads` seconds of it
    as the seed decides.  With `open_outcomes` a write that finds no leader, and is answered with an error
    of status 500 or 503, may be done nevertheless once there is one, as the seed decides.

    `wording` says in which of AWS's two wordings requests that are not valid are refused: the 'newer',
    to which it moved its regions in 2026, or the 'older'.
    """

    seed: int = field(default=0, validator=_whole)
    clock: Clock = field(default=None, converter=_clock)
    account_id: str = field(default="123456789012", validator=_twelve_digits)
    timings: Timings = field(default=None, converter=_timings)
    item_collection_limit: int = field(default=10 * 1024**3, validator=_at_least(0, "bytes"))
    ttl_delay: float = field(default=0.0, validator=_at_least(0, "seconds"))
    history: bool = False
    leader_lease: float | None = field(default=None, validator=_at_least(0, "seconds"))
    stale_reads: float = field(default=0.0, validator=_at_least(0, "seconds"))
    open_outcomes: bool = False
    s3: Any = None
    throttling: bool = False
    partition_size: float = field(default=10 * 1024**3, validator=_at_least(1, "bytes"))
    on_demand_quota: Throughput = field(default=Throughput(40_000, 40_000), converter=_quota)
    more_regions: tuple[str, ...] = field(default=(), converter=_names)
    import_limit: float = field(default=1024**3, validator=_at_least(1, "bytes"))
    wording: Literal["newer", "older"] = field(default="newer", validator=_newer_or_older)

    @classmethod
    def of(cls, given: Arguments) -> Self:
        """The settings that keyword arguments give; `UsageError` names those that there are."""
        known = fields_dict(cls)
        for name in given:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f"Did you mean {near[0]}=?" if near else f"There are {', '.join(known)}."
                raise UsageError(f"A world has no setting {name}=. {hint}")
        return cls(**given)

    @property
    def leader_seconds(self) -> float:
        """How many seconds after the loss of a leader its successor serves."""
        return self.timings.leader_lease if self.leader_lease is None else self.leader_lease

    def saved(self) -> dict[str, Any]:
        """The settings that a world's file keeps, as JSON can be."""
        kept = {name: getattr(self, name) for name in fields_dict(type(self)) if name not in _NOT_SAVED}
        quota = self.on_demand_quota
        return {**kept, "timings": asdict(self.timings), "on_demand_quota": [quota.read, quota.write]}

    @classmethod
    def loaded(cls, header: dict[str, Any], clock: Clock, s3: Any) -> Arguments:
        """The arguments that `saved` kept; what an older file lacks is as it is by default."""
        kept: Any = {
            name: header[name] for name in fields_dict(cls) if name in header and name not in _NOT_SAVED
        }
        kept.update(clock=clock, s3=s3, timings=Timings(**header["timings"]))
        kept["on_demand_quota"] = tuple(header["on_demand_quota"])
        given: Arguments = kept
        return given
