"""One rehearsal: a workload, an option, a disaster and a seed."""

from __future__ import annotations

import random
from random import Random
from typing import Any

from ddbha.clock import ManualClock
from ddbha.errors import DdbhaError, UsageError
from ddbha.observe.metrics import MetricName
from ddbha.testing.rehearsal.clients import RehearsalClient
from ddbha.testing.rehearsal.disasters import Disaster
from ddbha.testing.rehearsal.matrix import Run
from ddbha.testing.rehearsal.options import Option
from ddbha.testing.rehearsal.stage import AFTER, Operation, Over, RehearsalClock, Stage, Workload
from ddbha.verify.availability import lost_writes
from ddbha.world import World

#: Seconds of traffic before the earliest disaster, so that there is a backup of each hour; the seed says
#: how much later within the hour it is.
WARM_UP = 3700.0
HOUR = 3600.0
#: Seconds of traffic after the end of a disaster.
COOL_DOWN = 900.0
_TIMELINE = 40


def rehearse_once(
    workload: Workload,
    tables: list[dict[str, Any]],
    option: Option,
    disaster: Disaster | None,
    seed: int,
) -> Run:
    """Let it all happen once; without a disaster nothing does."""
    chance = Random(seed)
    world = World(seed=seed, clock=ManualClock(), timings="aws", throttling=True, stale_reads=0.0)
    # The checker's history takes longer, and nobody asks for it.
    world.engine.attempts.recording = True
    stage = Stage(world, tables)
    option.prepare(stage)
    start = world.clock.time()
    seconds = 0.0 if disaster is None else disaster.seconds
    stage.disaster_at = start + WARM_UP + chance.uniform(0.0, HOUR)
    stage.disaster_ends = stage.disaster_at + seconds
    stage.ends = stage.disaster_ends + COOL_DOWN
    if disaster is not None:
        stage.act(_begin(stage, option, disaster), stage.disaster_at)
    clients: list[RehearsalClient] = []

    def make_client() -> RehearsalClient:
        clients.append(RehearsalClient.make(stage, option.regions, option.policy))
        return clients[-1]

    error = None
    # botocore draws its back-offs from here.
    state = random.getstate()
    random.seed(seed)
    try:
        workload(make_client, RehearsalClock(stage))
    except Over:
        pass
    except DdbhaError:
        raise
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    finally:
        random.setstate(state)
    if not stage.operations and error is None:
        raise UsageError(
            "The workload never called DynamoDB: it is a function of what makes clients and of a clock, "
            "like def workload(clients, clock): client = clients(); ..."
        )
    if world.clock.time() < stage.ends:
        # It ended early; whatever else would have happened does.
        stage.sleep(stage.ends - world.clock.time())
    spared = world.faults.spared
    missed = [fault for fault in world.faults.met_nothing if fault not in spared]
    if disaster is not None and missed:
        raise UsageError(
            f"The disaster {disaster.name!r} met nothing under the option {option.name!r}: "
            f"{'; '.join(missed)}. It has tables in {', '.join(option.regions)}."
        )
    return _found(stage, option, disaster, seed, error, {n for c in clients for n in c.names()}, start)


def _begin(stage: Stage, option: Option, disaster: Disaster) -> Any:
    # Where clients can turn to another region, data that is gone in one is no reason to restore.
    served = len(option.regions) > 1 and option.policy.kind != "stay"
    if disaster.harms_data and option.restores and (disaster.falsifies or not served):
        stage.act(option.restore(stage))
    if disaster.for_good and option.copy_to is not None and not served:
        stage.act(option.restore(stage, elsewhere=True))
    steps = disaster.begin(stage, option)
    if steps is not None:
        yield from steps


def _found(
    stage: Stage,
    option: Option,
    disaster: Disaster | None,
    seed: int,
    error: str | None,
    names: set[str],
    start: float,
) -> Run:
    world = stage.world
    since = [one for one in stage.operations if one.began >= stage.disaster_at]
    failures = [one for one in since if one.error is not None]
    with world.engine.standstill() as environment:
        environment.settle()
        attempts = world.engine.attempts
        lost = [
            write
            for write in lost_writes(attempts, world.engine.regions, stage.names)
            if write.client in names
        ]
    told = world.availability()
    outages = _outages(since, stage.ends)
    down = sum(end - begin for begin, end in outages)
    length = stage.ends - stage.disaster_at
    point = max((stage.disaster_at - write.time for write in lost), default=0.0)
    return Run(
        seed,
        len(since),
        len(failures),
        100.0 * (len(since) - len(failures)) / max(1, len(since)),
        100.0 * (1 - down / length),
        _recovery_time(stage, option, disaster, outages),
        max(0.0, point),
        len(lost),
        told.total.stale_reads,
        stage.wrong_reads,
        len(told.conflicts),
        _units(stage, "ConsumedReadCapacityUnits", start),
        _units(stage, "ConsumedWriteCapacityUnits", start),
        _course(stage),
        "\n".join(map(str, list(world.events)[-_TIMELINE:])),
        error,
        stage.refused,
        bool(world.faults.spared),
    )


def _outages(operations: list[Operation], end: float) -> list[tuple[float, float]]:
    """The stretches from a failure to the next success."""
    found: list[tuple[float, float]] = []
    since: float | None = None
    for one in operations:
        if one.error is not None:
            since = one.began if since is None else since
        elif since is not None:
            found.append((since, one.ended))
            since = None
    if since is not None:
        found.append((since, end))
    return found


def _recovery_time(
    stage: Stage, option: Option, disaster: Disaster | None, outages: list[tuple[float, float]]
) -> float | None:
    ends = [end for _, end in outages]
    if any(end >= stage.ends for end in ends):
        return None
    if disaster is not None and disaster.falsifies and stage.switched_at is None:
        # Nobody brought the data back.
        return None
    if stage.switched_at is not None:
        ends.append(stage.switched_at)
    return max((end - stage.disaster_at for end in ends), default=0.0)


def _units(stage: Stage, metric: MetricName, start: float) -> float:
    world = stage.world
    names = {(region.name, table) for region in world.engine.regions for table in region.tables}
    units = sum(
        value
        for region, table in sorted(names)
        for when, value in world.metrics.query(metric, region=region, TableName=table)
        if when.timestamp() >= start - 60
    )
    return units / max(1, len(stage.operations))


def _course(stage: Stage) -> tuple[tuple[float, float, int, int], ...]:
    """Successes and failures over the time around the disaster."""
    begin, end = stage.disaster_at - AFTER, stage.ends
    buckets = 60
    width = (end - begin) / buckets
    counts = [[0, 0] for _ in range(buckets)]
    for one in stage.operations:
        if begin <= one.began < end:
            counts[min(buckets - 1, int((one.began - begin) / width))][one.error is not None] += 1
    return tuple(
        (begin + n * width - stage.disaster_at, begin + (n + 1) * width - stage.disaster_at, good, bad)
        for n, (good, bad) in enumerate(counts)
    )
