"""The throughput of global tables in templates: units with auto scaling, or most units of requests.

Writes are set for the table, reads for each replica.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from ddbha.errors import UsageError
from ddbha.templates.declarations import Request
from ddbha.templates.properties import Properties

_SCALING = "application-autoscaling"
#: What of a policy is the same for Application Auto Scaling.
_POLICY = ("TargetValue", "DisableScaleIn", "ScaleInCooldown", "ScaleOutCooldown")


@frozen
class Capacity:
    """Provisioned units of a table or an index, and how they are scaled, None for not at all."""

    units: Any
    limits: dict[str, Any] | None = None
    policy: dict[str, Any] | None = None


def provisioned(properties: Properties, kind: str) -> Capacity | None:
    """The settings of the provisioned Read or Write throughput, if they are there."""
    given = properties.part(f"{kind}ProvisionedThroughputSettings")
    if given is None:
        return None
    units = given.take(f"{kind}CapacityUnits")
    scaling = given.part(f"{kind}CapacityAutoScalingSettings")
    given.finish()
    if (units is None) == (scaling is None):
        raise UsageError(f"{given.resource} should have units or settings of auto scaling.")
    if scaling is None:
        return Capacity(units)
    limits = {name: scaling.take(name) for name in ("MinCapacity", "MaxCapacity")}
    if None in limits.values():
        raise UsageError(f"{scaling.resource} should have a MinCapacity and a MaxCapacity.")
    tracking = scaling.part("TargetTrackingScalingPolicyConfiguration")
    policy = None
    if tracking is not None:
        policy = {name: tracking.take(name) for name in _POLICY if name in tracking.members}
        tracking.finish()
    seed = scaling.take("SeedCapacity", limits["MinCapacity"])
    scaling.finish()
    return Capacity(seed, limits, policy)


def on_demand(properties: Properties, kind: str) -> dict[str, Any]:
    """The most Read or Write units of requests, as OnDemandThroughput has them."""
    given = properties.part(f"{kind}OnDemandThroughputSettings")
    if given is None:
        return {}
    member = f"Max{kind}RequestUnits"
    found = {member: given.take(member)}
    given.finish()
    return found


def units(resource: str, read: Capacity | None, write: Capacity | None) -> dict[str, Any]:
    """ProvisionedThroughput; `UsageError` where a template does not say it."""
    if read is None or write is None:
        kind = "Read" if read is None else "Write"
        raise UsageError(
            f"{resource} is PROVISIONED and has no {kind}ProvisionedThroughputSettings, neither for "
            "itself nor for its replica in the region of the stack."
        )
    return {"ReadCapacityUnits": read.units, "WriteCapacityUnits": write.units}


def scaled(
    region: str, table: str, index: str | None, kind: str, capacity: Capacity | None
) -> Iterator[Request]:
    """The requests that let a throughput of a table or an index be scaled in a region."""
    if capacity is None or capacity.limits is None:
        return
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{table}" if index is None else f"table/{table}/index/{index}",
        "ScalableDimension": f"dynamodb:{'table' if index is None else 'index'}:{kind}CapacityUnits",
    }
    yield Request(region, "register_scalable_target", {**target, **capacity.limits}, _SCALING)
    if capacity.policy is not None:
        metric = {"PredefinedMetricType": f"DynamoDB{kind}CapacityUtilization"}
        policy = {
            **target,
            "PolicyName": f"{kind}-{'table' if index is None else index}",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                **capacity.policy,
                "PredefinedMetricSpecification": metric,
            },
        }
        yield Request(region, "put_scaling_policy", policy, _SCALING)
