"""What the actions of an experiment of AWS Fault Injection Service do to a world.

https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from ddbha.errors import UsageError, error_class
from ddbha.faults.experiments import API_ERRORS, Action
from ddbha.faults.fault import Effect
from ddbha.faults.regions import RegionFaults
from ddbha.faults.requests import Chosen, InducedError, LostAnswer, RequestFault
from ddbha.faults.zones import ZoneFaults
from ddbha.region.places import check_region


@frozen
class Actions:
    """Makes the effects of actions; raises `UsageError` for those that do not touch DynamoDB."""

    _inside: ZoneFaults
    _between: RegionFaults
    _of_requests: Callable[[str, RequestFault], Effect]

    def effects(self, action: Action) -> list[Effect]:
        """What one action does from its beginning to its end; a wait does nothing."""
        if action.id == "aws:fis:wait":
            return []
        if action.id in API_ERRORS:
            return self._injected(action)
        if action.id == "aws:dynamodb:global-table-pause-replication":
            effects = [self._between.replication_pause(name, region) for region, name in action.places]
        elif action.id == "aws:network:disrupt-connectivity":
            effects = self._disrupted(action)
        else:
            effects = self._cut(action)
        if not effects:
            raise UsageError(f"The action {action.name!r} is aimed at nothing: name resourceArns.")
        return effects

    def _disrupted(self, action: Action) -> list[Effect]:
        scope = action.parameters.get("scope", "all")
        if scope == "availability-zone":
            zones = sorted({zone for _, zone in action.places})
            return [self._inside.zone_outage(zone) for zone in zones]
        if scope not in ("dynamodb", "all"):
            raise UsageError(
                f"The action {action.name!r} has scope {scope}, which does not touch DynamoDB; those "
                "that do are dynamodb, all and availability-zone."
            )
        met = LostAnswer(Chosen(), False, "connect_timeout")
        return [self._of_requests(f"disrupted connectivity scope={scope}", met)]

    def _cut(self, action: Action) -> list[Effect]:
        other = action.parameters.get("region", "")
        check_region(other)
        homes = sorted({region for region, _ in action.places})
        return [self._between.network_cut(home, other) for home in homes]

    def _injected(self, action: Action) -> list[Effect]:
        service = action.parameters.get("service", "dynamodb")
        if service != "dynamodb":
            raise UsageError(f"The action {action.name!r} is about {service}, not dynamodb.")
        error = error_class(API_ERRORS[action.id])
        assert error is not None, "the errors of FIS are among those of DynamoDB"
        percentage = float(action.parameters.get("percentage", 100))
        named = action.parameters.get("operations", "")
        names: list[str | None] = [name.strip() for name in named.split(",") if name.strip()]
        return [
            self._of_requests(
                f"injected {error.code}",
                InducedError(
                    Chosen(operation=operation, probability=percentage / 100), False, error, None
                ),
            )
            for operation in names or [None]
        ]
