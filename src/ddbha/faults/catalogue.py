"""The catalogue: every fault that a test can ask for.

Scenarios: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/disaster-recovery-resiliency.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import define

from ddbha.errors import UsageError
from ddbha.faults.fault import Fault
from ddbha.faults.names import ErrorCode
from ddbha.faults.regions import Inaccessible, RegionFaults
from ddbha.faults.requests import (
    LOST_ANSWERS,
    Choice,
    Chosen,
    ErrorFault,
    GreyFailure,
    LostAnswer,
    LostAs,
    PartialBatch,
    SlowTransaction,
    answered_with,
)
from ddbha.faults.running import Running, Seconds, seconds_of
from ddbha.faults.shifts import ZonalShifts
from ddbha.faults.zones import ZoneFaults
from ddbha.followers.links import Shows
from ddbha.region.places import is_region, region_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ddbha.faults.experiments import Alarm, Experiment

#: For how long a zonal shift can be asked for.
LONGEST_SHIFT = 72 * 3600.0


@define(eq=False, repr=False)
class Faults(Running):
    """The faults of a world.

    Each method starts a fault and returns its handle.  `after` and `duration` (seconds on the world's
    clock, or timedeltas) schedule its start and its end.
    """

    # -- Inside a region ------------------------------------------------------------------------------

    def zone_outage(self, zone: str, *, after: Seconds = 0, duration: Seconds | None = None) -> Fault:
        """All replicas in a zone stop answering.

        Raises `UnknownPlaceError` if no region can have such a zone.
        """
        return self._start(self._inside.zone_outage(zone), after, duration)

    def node_outage(
        self,
        zone: str,
        *,
        table: str,
        partition: int = 0,
        after: Seconds = 0,
        duration: Seconds | None = None,
    ) -> Fault:
        """The node that holds one partition's replica in a zone stops answering.

        Raises `UnknownPlaceError` if the zone's region has no such table or partition.
        """
        return self._start(self._inside.node_outage(zone, table, partition), after, duration)

    def zone_cut(
        self, zone: str, other: str, *, after: Seconds = 0, duration: Seconds | None = None
    ) -> Fault:
        """Two zones of a region cannot reach each other; clients reach both.

        A leader that is cut off from both of its peers steps down, and what it holds grows old.  Raises
        `UnknownPlaceError` for a zone that cannot be, `UsageError` for zones of different regions.
        """
        return self._start(self._inside.zone_cut(zone, other), after, duration)

    def follower_lag(
        self, zone: str, *, seconds: float, after: Seconds = 0, duration: Seconds | None = None
    ) -> Fault:
        """Replicas in a zone apply what they hold so many seconds late, except where they lead.

        Eventually consistent reads that meet them see the past.  Raises `UnknownPlaceError` if no region
        can have such a zone.
        """
        return self._start(self._inside.follower_lag(zone, seconds), after, duration)

    def index_lag(
        self,
        table: str,
        index: str,
        *,
        seconds: float,
        after: Seconds = 0,
        duration: Seconds | None = None,
    ) -> Fault:
        """A global secondary index takes writes in so many seconds late, in every region.

        Raises `UnknownPlaceError` if there is no such table or index.
        """
        return self._start(self._inside.index_lag(table, index, seconds), after, duration)

    def zonal_shift(
        self, away_from: str, *, after: Seconds = 0, duration: Seconds | None = None
    ) -> Fault:
        """Leaders and readers move away from a zone, and back when it ends; nothing fails for it.

        The replicas in the zone go on taking writes in.  `duration` is 72 hours at most, as for AWS's
        StartZonalShift: https://docs.aws.amazon.com/arc-zonal-shift/latest/api/API_StartZonalShift.html
        Raises `UnknownPlaceError` for what is no zone, and `UsageError` while the region has another
        shift, or no quorum without the zone.
        """
        if duration is not None and seconds_of("duration", duration) > LONGEST_SHIFT:
            raise UsageError(f"duration={duration}: a zonal shift is active for 72 hours at most.")
        return self._shift(away_from, after, duration, automatic=False)

    def zonal_autoshift(
        self, away_from: str, *, after: Seconds = 0, duration: Seconds | None = None
    ) -> Fault:
        """A zonal shift that AWS begins because a zone is impaired; the customer's own comes first.

        Raises as `zonal_shift`.
        """
        return self._shift(away_from, after, duration, automatic=True)

    def _shift(self, zone: str, after: Seconds, duration: Seconds | None, *, automatic: bool) -> Fault:
        effect = self._shifts.shift(zone, automatic=automatic)
        with self._regions.environment.standstill():
            if seconds_of("after", after) == 0:
                self._shifts.require(zone, automatic=automatic)
            return self._start(effect, after, duration)

    # -- Between regions ------------------------------------------------------------------------------

    def region_outage(
        self,
        region: str,
        *,
        shows: Shows = "refused",
        after: Seconds = 0,
        duration: Seconds | None = None,
    ) -> Fault:
        """A region vanishes: clients do not reach its tables, nothing is replicated to or from it.

        `shows` is what they meet: refused connections (EndpointConnectionError, at once), timeouts
        (ConnectTimeoutError, after the client's `connect_timeout`), or errors (InternalServerError); for
        a region that fails in part there is `grey_failure`.  Its tables keep what they have, and catch up
        when it is back.  Raises `UnknownPlaceError` for what cannot be a region and `UsageError` for
        another `shows`.
        """
        self._check_region(region)
        return self._start(self._between.region_outage(region, shows), after, duration)

    def grey_failure(
        self,
        place: str,
        *,
        share: float = 0.3,
        latency: float = 2.0,
        rise: Seconds = 60.0,
        after: Seconds = 0,
        duration: Seconds | None = None,
    ) -> Fault:
        """A region or a zone fails in part: it is up for those who look, and bad for those who use it.

        A `share` of its requests fails with InternalServerError, and all answers are late, on the
        world's clock: more and more, until `latency` seconds are reached after `rise` seconds.  Clients
        whose `read_timeout` is shorter hear nothing of what is done all the same.  Replication goes on.
        In a zone it meets requests that may need a partition whose leader is there; `zonal_shift` moves
        leaders away.
        https://docs.aws.amazon.com/whitepapers/latest/advanced-multi-az-resilience-patterns/gray-failures.html
        Raises `UnknownPlaceError` for what is neither region nor zone, and `UsageError` for a share
        that is not between 0 and 1.
        """
        if not 0 <= share <= 1:
            raise UsageError(f"share={share} is not between 0 and 1.")
        chosen = Chosen(region=place)
        if not is_region(place):
            region = region_of(place, self._regions.environment.settings.more_regions)
            chosen = Chosen(region=region, when=self._inside.led_from(place))
        late = seconds_of("latency", latency)
        met = GreyFailure(
            chosen,
            # What is answered too late was done.
            late > 0,
            share,
            late,
            seconds_of("rise", rise),
            self._regions.environment,
        )
        told = f"grey failure {place} share={share} latency={latency}"
        return self._start(self._of_requests(told, met), after, duration)

    def network_cut(
        self, region: str, other: str, *, after: Seconds = 0, duration: Seconds | None = None
    ) -> Fault:
        """Two regions cannot reach each other; clients reach both, and writes are merged afterwards."""
        self._check_region(region, other)
        return self._start(self._between.network_cut(region, other), after, duration)

    def replication_pause(
        self, table: str, region: str, *, after: Seconds = 0, duration: Seconds | None = None
    ) -> Fault:
        """Nothing is replicated to or from a table's replica in one region, as by AWS FIS's pause action.

        https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
        Raises `UnknownPlaceError` if there is no such replica.
        """
        return self._start(self._between.replication_pause(table, region), after, duration)

    def replica_inaccessible(
        self,
        table: str,
        region: str,
        *,
        status: Inaccessible = "REGION_DISABLED",
        after: Seconds = 0,
        duration: Seconds | None = None,
    ) -> Fault:
        """A replica is out of reach because its account disabled the region, or its key cannot be used.

        `status` is REGION_DISABLED or INACCESSIBLE_ENCRYPTION_CREDENTIALS.  Requests for the table there
        are refused, nothing is replicated, and after 20 hours it leaves the global table for good and
        stays as an ordinary table; one with strong consistency is ARCHIVED after seven days.
        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ReplicaDescription.html
        Raises `UnknownPlaceError` if there is no such replica.
        """
        return self._start(self._between.replica_inaccessible(table, region, status), after, duration)

    def replication_lag(
        self,
        region: str,
        other: str,
        *,
        seconds: float | tuple[float, float],
        one_way: bool = False,
        after: Seconds = 0,
        duration: Seconds | None = None,
    ) -> Fault:
        """Writes in one region arrive so many seconds late in the other, and the other way round.

        `seconds` may be a range: each write's lag is drawn from it by the seed.  With `one_way` only
        what goes from `region` to `other` is late.
        """
        self._check_region(region, other)
        return self._start(
            self._between.replication_lag(region, other, seconds, one_way=one_way), after, duration
        )

    def clock_skew(
        self, region: str, *, seconds: float, after: Seconds = 0, duration: Seconds | None = None
    ) -> Fault:
        """The clock by which a region stamps its writes is so many seconds ahead (behind if negative)."""
        self._check_region(region)
        return self._start(self._between.clock_skew(region, seconds), after, duration)

    # -- Of requests ----------------------------------------------------------------------------------

    def error(
        self,
        code: ErrorCode,
        *,
        after_commit: bool = False,
        message: str | None = None,
        **choice: Unpack[Choice],
    ) -> Fault:
        """Requests are answered with the AWS error `code`, after they were done if `after_commit`.

        `choice` says which requests, as `ddbha.faults.requests.Choice` tells: `operation`, `table`,
        `region`, `when`, `probability`, `times`; `after` and `duration` are as for every fault.  Raises
        `UsageError` for a code that DynamoDB does not have and `UnknownPlaceError` for a table that does
        not exist.
        """
        error = answered_with(code)
        met = ErrorFault(Chosen.of(choice), after_commit, error, message)
        return self._meet(f"error {code}", met, choice)

    def timeout(
        self,
        *,
        after_commit: bool = False,
        kind: LostAs = "read_timeout",
        **choice: Unpack[Choice],
    ) -> Fault:
        """The answers to requests are lost, after they were done if `after_commit`.

        `kind` is read_timeout, connect_timeout, endpoint_connection or connection_closed: which of
        botocore's exceptions the client raises.  Before it does, the world's clock moves on by the
        `read_timeout` or, where nobody answers at all, the `connect_timeout` of the client's
        configuration; a connection that is refused or closed takes no time.  Requests are chosen as for
        `error`.
        """
        if kind not in LOST_ANSWERS:
            raise UsageError(f"kind={kind!r} is none of {', '.join(LOST_ANSWERS)}.")
        if after_commit and not LOST_ANSWERS[kind]:
            raise UsageError(f"A request that ends in {kind} never arrives: after_commit= is impossible.")
        met = LostAnswer(Chosen.of(choice), after_commit, kind)
        return self._meet(f"timeout {kind}", met, choice)

    def partial_batch(self, *, keep: int, **choice: Unpack[Choice]) -> Fault:
        """Batches are done up to `keep` entries; the others come back as unprocessed.

        Requests are chosen as for `error`, and are BatchWriteItem unless `operation` says BatchGetItem.
        """
        choice.setdefault("operation", "BatchWriteItem")
        if choice["operation"] not in ("BatchWriteItem", "BatchGetItem"):
            raise UsageError(f"{choice['operation']} is no batch; BatchWriteItem and BatchGetItem are.")
        if keep < 1:
            raise UsageError("keep= is at least 1: AWS answers with an error if nothing was done.")
        met = PartialBatch(Chosen.of(choice), False, keep)
        return self._meet(f"partial batch keep={keep}", met, choice)

    def slow_transaction(self, *, seconds: float, **choice: Unpack[Choice]) -> Fault:
        """Transactions are prepared at once, and committed so many seconds later on the world's clock.

        Meanwhile their items are locked: other writes and transactions meet conflicts, reads see the
        state before.  The client hears nothing (`ReadTimeoutError`, at once and not after its time, so
        that a test with one thread sees what others see meanwhile); trying again with the same token
        gives TransactionInProgressException until it is committed.  Requests are chosen as for `error`,
        and are TransactWriteItems unless `operation` says ExecuteTransaction.
        """
        choice.setdefault("operation", "TransactWriteItems")
        if choice["operation"] not in ("TransactWriteItems", "ExecuteTransaction"):
            raise UsageError(
                f"{choice['operation']} is no transaction that writes; "
                "TransactWriteItems and ExecuteTransaction are."
            )
        if seconds <= 0:
            raise UsageError("seconds= is more than zero: how long the transaction takes.")
        # The client does not know whether it was done: as for answers that are lost after the commit.
        met = SlowTransaction(Chosen.of(choice), True, seconds, self._regions.environment)
        return self._meet(f"slow transaction seconds={seconds}", met, choice)

    # -- Experiments ----------------------------------------------------------------------------------

    def from_fis(
        self,
        template: Mapping[str, Any] | str,
        *,
        region: str = "us-east-1",
        alarms: Mapping[str, Alarm] | None = None,
        ignore: Iterable[str] = (),
    ) -> Experiment:
        """Run an experiment template of AWS Fault Injection Service on this world's clock.

        `template` is the object or JSON text that FIS takes, or a CloudFormation template with one.
        Followed are pauses of a global table's replication, injected internal, throttle and unavailable
        errors of the service dynamodb, disrupted connectivity of the scopes dynamodb, all and
        availability-zone, disrupted connectivity to other regions, zonal autoshifts, and waits; with
        durations, percentages, startAfter and stop conditions.  `region` is where the experiment runs:
        tags choose among its replicas, and clients are taken to stand there.  `alarms` says, by ARN or
        name, when an alarm rings: a function of `world.metrics`.  Actions whose ids match `ignore`, like
        "aws:ec2:*", are left out.
        https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
        Raises `UsageError` for what cannot be followed, before anything begins.
        """
        # Few tests have any.
        from ddbha.faults import experiments
        from ddbha.faults.actions import Actions

        read = experiments.read_template(template)
        actions = experiments.read_actions(read, ignore)
        rings = experiments.read_alarms(read, alarms or {})
        self._check_region(region)
        skips = experiments.skips_empty_targets(read)
        told = Actions(region, skips, self._regions, self._of_requests)
        effects = [(action, told.effects(action)) for action in actions]
        with self._regions.environment.standstill() as environment:
            experiment = experiments.Experiment(actions, environment, rings)
            for action, found in effects:
                experiment.faults += [self._start(one, action.start, action.seconds) for one in found]
            experiment.begin()
        return experiment

    # -- What makes them ------------------------------------------------------------------------------

    @property
    def _inside(self) -> ZoneFaults:
        return ZoneFaults(self._regions)

    @property
    def _shifts(self) -> ZonalShifts:
        return ZonalShifts(self._regions)

    @property
    def _between(self) -> RegionFaults:
        return RegionFaults(self._regions)
