"""Faults of regions and of the network between them: what each begins with and ends with.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-global-table-design.prescriptive-guidance.request-routing.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Literal, get_args

from attrs import define

from ddbha.errors import UnknownPlaceError, UsageError
from ddbha.faults.fault import Effect
from ddbha.followers.links import Lag, Shows
from ddbha.followers.replication import Member
from ddbha.region.region import Regions

#: Why a replica may be out of reach.
Inaccessible = Literal["REGION_DISABLED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS"]
#: Seconds after which such a replica leaves for good, or is archived if the table is strongly consistent.
GIVEN_UP_AFTER = 20 * 3600.0
ARCHIVED_AFTER = 7 * 24 * 3600.0


@define(eq=False)
class RegionFaults:
    """Makes the effects on the links of a world."""

    _regions: Regions

    def region_outage(self, region: str, shows: Shows) -> Effect:
        """Nobody reaches a region, and it reaches none."""
        if shows not in get_args(Shows):
            raise UsageError(f"shows={shows!r} is none of {', '.join(get_args(Shows))}.")
        links = self._regions.environment.links
        told = "" if shows == "refused" else f" shows={shows}"
        held = self._held(f"region outage {region}{told}", links.outages, region, self._holds(region))

        def begin(fault: object) -> None:
            links.shown[fault] = shows
            held.begin(fault)

        def end(fault: object) -> None:
            held.end(fault)
            del links.shown[fault]

        return Effect(held.description, begin, end, held.met)

    def network_cut(self, region: str, other: str) -> Effect:
        """Two regions do not reach each other."""
        self._check_pair(region, other)
        cuts = self._regions.environment.links.cuts
        both = self._holds(region, other)
        return self._held(f"network cut {region} {other}", cuts, frozenset((region, other)), both)

    def replication_pause(self, table: str, region: str, *, induced: bool = False) -> Effect:
        """Nothing is replicated to or from one replica of a table.

        Errors that come of it are `induced` if AWS Fault Injection Service pauses it.
        """
        self._member(table, region)
        links = self._regions.environment.links
        held = self._held(f"replication pause {table} {region}", links.pauses, (region, table))

        def begin(fault: object) -> None:
            if induced:
                links.induced.add(fault)
            held.begin(fault)

        def end(fault: object) -> None:
            held.end(fault)
            links.induced.discard(fault)

        return Effect(held.description, begin, end, held.met)

    def replica_inaccessible(self, table: str, region: str, status: Inaccessible) -> Effect:
        """Nobody reaches one replica, for a reason that its status tells; in the end it is given up."""
        if status not in get_args(Inaccessible):
            raise UsageError(f"status={status!r} is none of {', '.join(get_args(Inaccessible))}.")
        member = self._member(table, region)
        pause = self.replication_pause(table, region)
        strong = member.group.consistency == "STRONG"
        patience = ARCHIVED_AFTER if strong else GIVEN_UP_AFTER

        def begin(fault: object) -> None:
            pause.begin(fault)
            member.causes[fault] = status
            if member.inaccessible_since is None:
                since = self._regions.environment.clock.time()
                member.status, member.inaccessible_since = status, since
                self._regions.environment.later(patience, lambda: give_up(since))

        def give_up(since: float) -> None:
            if member.inaccessible_since != since:
                # It was back meanwhile.
                return
            if strong:
                member.status = "ARCHIVED"
            elif member.group.members.get(region) is member:
                self._regions.of(member.account_id, region).leave_global_table(member)
                self._regions.environment.record("replica-given-up", region, table=table, status=status)

        def end(fault: object) -> None:
            del member.causes[fault]
            rest = next(iter(member.causes.values()), None)
            if member.status in get_args(Inaccessible):
                member.status = rest or "ACTIVE"
            if rest is None and member.status != "ARCHIVED":
                member.inaccessible_since = None
            pause.end(fault)

        return Effect(f"replica inaccessible {table} {region} {status}", begin, end)

    def _member(self, table: str, region: str) -> Member:
        """A replica; of several accounts that have such a table, the first."""
        for group in self._regions.environment.global_tables:
            if group.name == table and region in group.members:
                return group.members[region]
        raise UnknownPlaceError(f"Table {table!r} has no replica in {region}: it is not replicated.")

    def replication_lag(self, region: str, other: str, seconds: Lag, *, one_way: bool) -> Effect:
        """Writes of each region arrive late in the other."""
        self._check_pair(region, other)
        low, high = seconds if isinstance(seconds, tuple) else (seconds, seconds)
        if not 0 <= low <= high:
            raise UsageError(f"seconds={seconds} is neither zero or more, nor a range of such.")
        lags = self._regions.environment.links.lags
        directions = [(region, other)] if one_way else [(region, other), (other, region)]

        def begin(fault: object) -> None:
            with self._changed():
                for direction in directions:
                    lags.setdefault(direction, {})[fault] = seconds

        def end(fault: object) -> None:
            with self._changed():
                for direction in directions:
                    _discard(lags, direction, fault)

        both = self._holds(region, other)
        return Effect(f"replication lag {region} {other} seconds={seconds}", begin, end, both)

    def clock_skew(self, region: str, seconds: float) -> Effect:
        """The clock that a region takes the stamps of its writes from is ahead, or behind if negative."""
        skews = self._regions.environment.links.skews

        def begin(fault: object) -> None:
            with self._changed():
                skews.setdefault(region, {})[fault] = seconds

        def end(fault: object) -> None:
            with self._changed():
                _discard(skews, region, fault)

        return Effect(f"clock skew {region} seconds={seconds}", begin, end, self._holds(region))

    def _holds(self, *regions: str) -> Callable[[], bool]:
        """Whether there is a table in a region, or in each of several."""
        return lambda: set(regions) <= {region.name for region in self._regions if region.tables}

    def _held(
        self,
        description: str,
        causes: MutableMapping[Any, set[object]],
        place: Any,
        met: Callable[[], bool] = lambda: True,
    ) -> Effect:
        def begin(fault: object) -> None:
            with self._changed():
                causes.setdefault(place, set()).add(fault)

        def end(fault: object) -> None:
            with self._changed():
                causes[place].discard(fault)
                if not causes[place]:
                    del causes[place]

        return Effect(description, begin, end, met)

    @contextmanager
    def _changed(self) -> Iterator[None]:
        """A change of the links: what was on its way before has arrived, what was held back comes now."""
        self._regions.environment.settle()
        yield
        self._regions.environment.links.changed = self._regions.environment.clock.time()
        self._regions.environment.settle()
        self._regions.environment.unblock()

    def _check_pair(self, region: str, other: str) -> None:
        if region == other:
            raise UsageError(f"{region} and {other} are not two regions.")


def _discard(causes: dict[Any, dict[object, Any]], place: Any, fault: object) -> None:
    del causes[place][fault]
    if not causes[place]:
        del causes[place]
