"""Disasters: what happens to a world while a workload runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from ddbha.errors import UsageError
from ddbha.testing.rehearsal.clients import DAMAGE
from ddbha.testing.rehearsal.options import Option
from ddbha.testing.rehearsal.stage import Stage, Steps

MINUTE = 60.0


@frozen
class Disaster:
    """What happens, for how many seconds, and whether data is gone or wrong because of it."""

    name: str
    seconds: float
    begin: Callable[[Stage, Option], Steps | None]
    #: Data is gone: an operator restores it, if the option has something to restore from.
    harms_data: bool = False
    #: Data is there and wrong: the workload is served right only once it is restored.
    falsifies: bool = False
    #: How many regions an option must have for it to happen.
    regions: int = 1
    #: It needs what can be restored.
    restorable: bool = False
    #: Never over: an operator restores what has copies elsewhere, and the rest is lost.
    for_good: bool = False

    @property
    def wants(self) -> str:
        """What an option must have for it to happen, in words."""
        told = [f"{self.regions} regions"] if self.regions > 1 else []
        return " and ".join([*told, *(["something to restore from"] if self.restorable else [])])

    def applies(self, option: Option) -> bool:
        """Whether it can happen to an option."""
        return len(option.regions) >= self.regions and (option.restores or not self.restorable)


def _fault(start: Callable[[Any, Stage, Option], object]) -> Callable[[Stage, Option], None]:
    def begin(stage: Stage, option: Option) -> None:
        start(stage.world.faults, stage, option)

    return begin


def _name(stage: Stage) -> str:
    return str(stage.tables[0]["TableName"])


def _node(stage: Stage, option: Option) -> None:
    partition = stage.world.table(_name(stage), region=option.home).partitions[0]
    stage.world.faults.node_outage(partition.leader.zone, table=_name(stage), duration=5 * MINUTE)


def _bad_deploy(stage: Stage, option: Option) -> Steps:
    client = stage.world.client("dynamodb", region_name=option.home)
    until = stage.world.clock.time() + 10 * MINUTE
    name = _name(stage)
    while stage.world.clock.time() < until and name not in stage.names:
        for item in client.scan(TableName=name, Limit=25).get("Items", []):
            client.put_item(TableName=name, Item={**item, DAMAGE: {"BOOL": True}})
        yield 20.0


def _delete(stage: Stage, option: Option) -> None:
    client = stage.world.client("dynamodb", region_name=option.home)
    for table in stage.tables:
        try:
            client.delete_table(TableName=table["TableName"])
        except client.exceptions.ClientError as error:
            stage.refused = error.response["Error"]["Message"]


def _hot_key(stage: Stage, option: Option) -> Steps:
    """So many writes of the key that all clients use that its partition has no capacity left."""
    client = stage.world.client("dynamodb", region_name=option.home)
    name = _name(stage)
    for _ in range(240):
        items = client.scan(TableName=name, Limit=1).get("Items", [])
        for item in items:
            heavy = {**item, "weight": {"S": "x" * 300_000}}
            for _ in range(2):
                try:
                    client.put_item(TableName=name, Item=heavy)
                except client.exceptions.ClientError:
                    break
        yield 0.5


def _restore_meanwhile(stage: Stage, option: Option) -> Steps:
    steps = option.restore(stage)
    yield from steps
    # Nothing was wrong: clients stay with their table.
    stage.names.clear()
    stage.switched_at = stage.place = None


def shipped() -> list[Disaster]:
    """The disasters that are rehearsed where nobody names any."""
    return [
        Disaster("a node, 5 min", 5 * MINUTE, _node),
        Disaster(
            "a zone, 10 min",
            10 * MINUTE,
            _fault(lambda faults, stage, o: faults.zone_outage(f"{o.home}a", duration=600)),
        ),
        Disaster(
            "two zones, 5 min",
            5 * MINUTE,
            _fault(
                lambda faults, stage, o: [
                    faults.zone_outage(f"{o.home}{letter}", duration=300) for letter in "ab"
                ]
            ),
        ),
        Disaster(
            "a region, 30 min",
            30 * MINUTE,
            _fault(lambda faults, stage, o: faults.region_outage(o.home, duration=1800)),
        ),
        Disaster(
            "a region times out, 30 min",
            30 * MINUTE,
            _fault(
                lambda faults, stage, o: faults.region_outage(o.home, shows="timeouts", duration=1800)
            ),
        ),
        Disaster(
            "a region fails in part, 10 min",
            10 * MINUTE,
            _fault(
                lambda faults, stage, o: faults.grey_failure(
                    o.home, share=0.3, latency=1.5, rise=300, duration=600
                )
            ),
        ),
        Disaster(
            "a region, for good",
            30 * MINUTE,
            _fault(lambda faults, stage, o: faults.region_outage(o.home)),
            for_good=True,
        ),
        Disaster(
            "replication paused, 10 min",
            10 * MINUTE,
            _fault(
                lambda faults, stage, o: faults.replication_pause(
                    _name(stage), o.regions[1], duration=600
                )
            ),
            regions=2,
        ),
        Disaster(
            "a slow link (5 s), 10 min",
            10 * MINUTE,
            _fault(
                lambda faults, stage, o: faults.replication_lag(
                    o.home, o.regions[1], seconds=5, duration=600
                )
            ),
            regions=2,
        ),
        Disaster(
            "a cut link, 10 min",
            10 * MINUTE,
            _fault(lambda faults, stage, o: faults.network_cut(o.home, o.regions[1], duration=600)),
            regions=2,
        ),
        Disaster("a bad deploy, 10 min", 10 * MINUTE, _bad_deploy, harms_data=True, falsifies=True),
        Disaster("a table deleted", MINUTE, _delete, harms_data=True),
        Disaster("a hot key, 2 min", 2 * MINUTE, _hot_key),
        Disaster(
            "half of the requests throttled, 2 min",
            2 * MINUTE,
            _fault(
                lambda faults, stage, o: faults.error(
                    "ThrottlingException", table=_name(stage), probability=0.5, duration=120
                )
            ),
        ),
        Disaster("a restore meanwhile", 10 * MINUTE, _restore_meanwhile, restorable=True),
    ]


def read_disaster(given: Any) -> Disaster:
    """A disaster, or a function of `world.faults` that begins one, taken to be over after ten minutes."""
    if isinstance(given, Disaster):
        return given
    if not callable(given):
        raise UsageError(
            f"{given!r} is no disaster: give one of ddbha.rehearsal or a function of faults."
        )
    name = getattr(given, "__name__", "own disaster").replace("_", " ")

    def begin(stage: Stage, option: Option) -> None:
        given(stage.world.faults)

    return Disaster(name, 10 * MINUTE, begin)
