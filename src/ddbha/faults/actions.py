"""What the actions of an experiment of AWS Fault Injection Service do to a world.

https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import frozen

from ddbha.errors import UsageError, error_class
from ddbha.faults.experiments import API_ERRORS, GLOBAL_TABLE, Action
from ddbha.faults.fault import Effect
from ddbha.faults.regions import RegionFaults
from ddbha.faults.requests import Chosen, InducedError, LostAnswer, RequestFault
from ddbha.faults.shifts import ZonalShifts
from ddbha.faults.zones import ZoneFaults
from ddbha.region.places import check_region
from ddbha.region.region import Regions


@frozen
class Actions:
    """Makes the effects of actions; raises `UsageError` for those that do not touch DynamoDB."""

    #: The region in which the experiment runs: where clients stand that a cut network keeps from others.
    home: str
    #: Whether an action is left out whose targets are not there.
    _skips: bool
    _regions: Regions
    _of_requests: Callable[[str, RequestFault], Effect]

    def effects(self, action: Action) -> list[Effect]:
        """What one action does from its beginning to its end; a wait does nothing."""
        if action.id == "aws:fis:wait":
            return []
        if action.id in API_ERRORS:
            return self._injected(action)
        if action.id == "aws:arc:start-zonal-autoshift":
            zone = action.parameters.get("availabilityZoneIdentifier", "")
            return [ZonalShifts(self._regions).shift(zone, automatic=True)]
        if action.id == "aws:network:disrupt-connectivity":
            effects = self._disrupted(action)
        elif action.id == "aws:dynamodb:global-table-pause-replication":
            between = RegionFaults(self._regions)
            effects = [
                between.replication_pause(name, region, induced=True)
                for region, name in self._tables(action)
            ]
        else:
            effects = self._cut(action)
        if not effects and not self._skips:
            raise UsageError(
                f"The action {action.name!r} is aimed at nothing: name resourceArns, or tags that a "
                f"replica in {self.home} has."
            )
        return effects

    def _tables(self, action: Action) -> Iterator[tuple[str, str]]:
        """The replicas that an action is aimed at: those that are named, and those with the tags."""
        for target in action.targets:
            yield from target.places
            if target.kind != GLOBAL_TABLE or not target.tags:
                continue
            here = [region for region in self._regions if region.name == self.home]
            for table in [table for region in here for table in region.tables.values()]:
                tagged = target.tags.items() <= table.settings.tags.items()
                if tagged and table.membership is not None:
                    yield self.home, table.name

    def _disrupted(self, action: Action) -> list[Effect]:
        """Subnets are cut off: all of a zone, or those in which clients are."""
        scope = action.parameters.get("scope", "all")
        if scope not in ("dynamodb", "all", "availability-zone"):
            raise UsageError(
                f"The action {action.name!r} has scope {scope}, which does not touch DynamoDB; those "
                "that do are dynamodb, all and availability-zone."
            )
        zones = sorted({zone for target in action.targets for zone in target.zones})
        if scope == "availability-zone" or (scope == "all" and zones):
            return [ZoneFaults(self._regions).zone_outage(zone) for zone in zones]
        # Of DynamoDB that is the regional endpoint of the current region; of all, everything.
        chosen = Chosen(region=self.home if scope == "dynamodb" else None)
        met = LostAnswer(chosen, False, "connect_timeout")
        return [self._of_requests(f"disrupted connectivity scope={scope}", met)]

    def _cut(self, action: Action) -> list[Effect]:
        """Clients here do not reach another region; replication is AWS's own traffic, and goes on."""
        other = action.parameters.get("region", "")
        check_region(other, more=self._regions.environment.settings.more_regions)
        if not action.targets:
            return []
        met = LostAnswer(Chosen(region=other), False, "connect_timeout")
        return [self._of_requests(f"disrupted connectivity to {other}", met)]

    def _injected(self, action: Action) -> list[Effect]:
        service = action.parameters.get("service", "dynamodb")
        if service != "dynamodb":
            raise UsageError(f"The action {action.name!r} is about {service}, not dynamodb.")
        error = error_class(API_ERRORS[action.id])
        assert error is not None, "the errors of FIS are among those of DynamoDB"
        probability = _share(action)
        named = action.parameters.get("operations", "")
        names: list[str | None] = [name.strip() for name in named.split(",") if name.strip()]
        chosen = [
            Chosen(operation=name, region=self.home, probability=probability) for name in names or [None]
        ]
        return [
            self._of_requests(f"injected {error.code}", InducedError(one, False, error, None))
            for one in chosen
        ]


def _share(action: Action) -> float:
    percentage = action.parameters.get("percentage", "100")
    try:
        return float(percentage) / 100
    except ValueError:
        raise UsageError(f"The action {action.name!r} has {percentage!r} for a percentage.") from None
