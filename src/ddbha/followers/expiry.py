"""Time to live: items vanish some time after the moment that one of their attributes names.

Each partition of a table with TTL has a follower that knows when which item is due.  The table is swept
at whole minutes, and only at those at which something is due or may have become so by a write.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import takewhile
from math import floor, inf, nextafter
from typing import Any

from attrs import Factory, define, field
from sortedcontainers import SortedList

from ddbha.errors import InternalServerError
from ddbha.storage.partition import Partition, PartitionFollower
from ddbha.storage.partitions import Partitions
from ddbha.storage.record import LogRecord
from ddbha.values.image import Image, unpack
from ddbha.values.key import ItemKey

#: Seconds between sweeps.
INTERVAL = 60.0
#: Items that expired longer ago than these seconds are left alone: five years.
OLDEST = 5 * 365 * 24 * 3600.0
#: No clock gets to what lies behind the year 9999, such as times in milliseconds.
NEWEST = 253_402_300_799.0
#: Who removed an item, as the records of the log say.
CAUSE = "ttl"


@define(eq=False)
class Expiry:
    """Removes the expired items of one table; ends when its followers are detached.

    Times are in seconds since the epoch on the region's clock.  `at` runs an action at such a time,
    and `wait` once something has changed in the world that may let be done what could not be done.
    """

    partitions: Partitions
    attribute: str
    #: Seconds that a sweep comes later than at the next whole minute.
    delay: float
    region: str
    now: Callable[[], float]
    at: Callable[[float, Callable[[], None]], None]
    wait: Callable[[Callable[[], None]], None]
    #: Whether it is here and at this time that items are removed.
    may_sweep: Callable[[float], bool]
    #: Whether an ongoing transaction holds an item.
    is_held: Callable[[ItemKey], bool]
    #: Told how many items a sweep removed.
    notify: Callable[[int], None]
    _next_look: float | None = field(default=None, init=False)
    _waits: bool = field(default=False, init=False)

    def attach(self) -> None:
        """Take in the items that are there and all writes from now on."""
        now = self.now()

        def follow(partition: Partition) -> ExpiryFollower:
            partition.leader.apply_all()
            follower = ExpiryFollower(partition, self)
            for key, image in partition.leader.items.images.items():
                follower.note(key, image, now)
            partition.catch_up_after_next_write()
            return follower

        self.partitions.attach(follow)
        self._look_when_due(self._followers(), now)

    def look_after(self, time: float) -> None:
        """Something was written: look at the next whole minute what is due."""
        self._look_at(self.minute_after(time))

    def minute_after(self, time: float) -> float:
        """When an item is removed that expires at a time."""
        return (floor(time / INTERVAL) + 1) * INTERVAL + self.delay

    def _look_at(self, time: float) -> None:
        if self._next_look is None or time < self._next_look:
            self._next_look = time
            self.at(time, partial(self._look, time))

    def _look_when_due(self, followers: list[ExpiryFollower], now: float) -> None:
        due, overdue = inf, False
        for follower in followers:
            following = follower.next_due
            if following <= now:
                overdue, following = True, follower.next_due_after(now)
            due = min(due, following)
        if due < inf:
            self._look_at(due)
        if overdue and not self._waits:
            # What is overdue has no leader, is held by a transaction, or is for another region to remove.
            self._waits = True
            self.wait(self._look_again)

    def _look_again(self) -> None:
        self._waits = False
        self.look_after(self.now())

    def _look(self, time: float) -> None:
        """Remove what is due, and see to it that the next look comes in time.

        A clock that was advanced far beyond `time` must not move the removals.
        """
        if time != self._next_look:
            return
        self._next_look = None
        now = min(time, self.now())
        followers = self._followers()
        try:
            removed = sum(follower.sweep(now) for follower in followers) if self.may_sweep(now) else 0
        except BaseException:
            # The scheduler does once more what something struck.
            self._next_look = time
            raise
        for follower in followers:
            follower.partition.catch_up_after_next_write()
        self._look_when_due(followers, now)
        if removed:
            self.notify(removed)

    def _followers(self) -> list[ExpiryFollower]:
        return [
            follower
            for partition in self.partitions
            for follower in partition.followers
            if type(follower) is ExpiryFollower and follower.expiry is self
        ]


@define(eq=False)
class ExpiryFollower(PartitionFollower):
    """Knows when the items of one partition are due."""

    expiry: Expiry
    _due: dict[ItemKey, float] = Factory(dict)
    _order: Any = Factory(SortedList)

    @property
    def next_due(self) -> float:
        """When the next item is due, infinity if none is."""
        return self._order[0][0] if self._order else inf

    def next_due_after(self, now: float) -> float:
        """When the next item is due that is not due yet, infinity if none is."""
        place = self._order.bisect_left((nextafter(now, inf),))
        return self._order[place][0] if place < len(self._order) else inf

    def catch_up(self, now: float) -> None:
        """Take in all that was written: records of a skewed clock are no reason to wait."""
        before = self.applied_sequence
        super().catch_up(inf)
        if self.applied_sequence != before:
            self.expiry.look_after(min(now, self.expiry.now()))

    def apply(self, record: LogRecord) -> None:
        self.note(record.key, record.new, record.time)

    def note(self, key: ItemKey, image: Image | None, time: float) -> None:
        """Remember when an item is due that was written at a time."""
        expires = None if image is None else expiry_time(image, self.expiry.attribute)
        due = None
        if expires is not None and time - OLDEST <= expires <= NEWEST:
            due = self.expiry.minute_after(max(expires, time))
        known = self._due.get(key)
        if due == known:
            return
        try:
            if known is not None:
                self._order.remove((known, key))
                del self._due[key]
            if due is not None:
                self._order.add((due, key))
                self._due[key] = due
        except BaseException:
            # It came from outside: the order may be half of it, and is made anew.
            self._due.pop(key, None)
            if due is not None:
                self._due[key] = due
            self._order = SortedList((time, key) for key, time in self._due.items())
            raise

    def sweep(self, now: float) -> int:
        """Remove what is due and still expired; how many items that were.

        Without a quorum everything is left for another sweep, and so is what a transaction holds.
        """
        if not self.current:
            self.catch_up(now)
        removed = 0
        if self.next_due > now:
            return removed
        # What it writes itself it knows already.
        self.partition.catch_up_after_batch()
        for _, key in list(takewhile(lambda entry: entry[0] <= now, self._order)):
            if self.expiry.is_held(key):
                continue
            try:
                leader = self.partition.available_leader()
            except InternalServerError:
                break
            image = leader.items.images.get(key)
            if image is not None and self._is_expired(image, now):
                record = self.partition.commit(key, None, now, self.expiry.region, CAUSE)
                self.applied_sequence = record.sequence
                removed += 1
            self.note(key, None, now)
        return removed

    def _is_expired(self, image: Image, now: float) -> bool:
        expires = expiry_time(image, self.expiry.attribute)
        return expires is not None and now - OLDEST <= expires < now

    def successor(self, partition: Partition) -> ExpiryFollower:
        self.catch_up(self.expiry.now())
        follower = ExpiryFollower(
            partition, self.expiry, applied_sequence=partition.acknowledged_sequence
        )
        for key, due in self._due.items():
            if partition.low <= key < partition.high:
                follower._due[key] = due
        follower._order.update((due, key) for key, due in follower._due.items())
        partition.catch_up_after_next_write()
        return follower


def expiry_time(image: Image, attribute: str) -> float | None:
    """The time in an attribute; None unless it is there and a number."""
    number = unpack(image).get(attribute, {}).get("N")
    return None if number is None else float(number)
