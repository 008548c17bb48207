"""UpdateTableReplicaAutoScaling and DescribeTableReplicaAutoScaling.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTableReplicaAutoScaling.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbha.api.access.replication import check_settings
from ddbha.api.global_tables.replicas import peers
from ddbha.api.registry import Request, Response, operation
from ddbha.api.tables.table_updates import update_table
from ddbha.capacity.auto_scaling import AutoScaling, Dimension, ScalingSettings
from ddbha.errors import AwsError, ResourceNotFoundException, ValidationException
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.values.settings import Throughput

_INVALID = "One or more parameter values were invalid: "
#: What the target may be, in per cent of the provisioned throughput.
LEAST_TARGET, GREATEST_TARGET = 20.0, 90.0
ROLE = (
    "arn:aws:iam::{}:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
)


@operation("UpdateTableReplicaAutoScaling")
def update_table_replica_auto_scaling(region: Region, request: Request) -> Response:
    """Change how the throughput of a table, its indexes and its replicas follows what they consume."""
    table = _global_table(region, request)
    check_settings(region, table)
    if table.settings.billing_mode != "PROVISIONED":
        raise ValidationException(
            f"{_INVALID}Auto scaling is supported only for tables with provisioned capacity mode"
        )
    replicas = {place.name: (place, replica) for place, replica in _replicas(region, table)}
    scalings: dict[str, AutoScaling] = {}
    wanted: list[tuple[AutoScaling, Dimension, ScalingSettings]] = []
    for name, dimension, update in _updates(request, list(replicas)):
        if name not in replicas:
            raise ValidationException(f"{_INVALID}Table {table.name} has no replica in region {name}")
        place, replica = replicas[name]
        if dimension[0] is not None and dimension[0] not in replica.global_indexes:
            raise ResourceNotFoundException(
                f"Requested resource not found: Index: {dimension[0]} of table: {table.name} not found"
            )
        if name not in scalings:
            scalings[name] = replica.parts.find(AutoScaling) or new_scaling(place, replica)
        scaling = scalings[name]
        wanted.append((scaling, dimension, _changed(scaling, dimension, update)))

    for scaling, dimension, settings in wanted:
        scaling.table.parts.put(scaling)
        scaling.settings[dimension] = settings
        # A throughput outside of the limits is corrected without waiting for traffic.
        scaling.wake()
    return {"TableAutoScalingDescription": _description(region, table)}


@operation("DescribeTableReplicaAutoScaling")
def describe_table_replica_auto_scaling(region: Region, request: Request) -> Response:
    """The settings of all replicas of a table."""
    table = _global_table(region, request)
    return {"TableAutoScalingDescription": _description(region, table)}


def _global_table(region: Region, request: Request) -> Table:
    table = region.described_table(request["TableName"])
    if table.membership is None:
        # The settings of any other table are those of Application Auto Scaling.
        raise ResourceNotFoundException(f"Global table with name: {table.name} does not exist.")
    return table


def _replicas(region: Region, table: Table) -> Iterator[tuple[Region, Table]]:
    yield region, table
    yield from peers(region, table)


def _updates(request: Request, regions: list[str]) -> Iterator[tuple[str, Dimension, dict[str, Any]]]:
    """Region, dimension and change of all that a request asks for; writes are for every replica."""
    for name in regions:
        if "ProvisionedWriteCapacityAutoScalingUpdate" in request:
            yield name, (None, "Write"), request["ProvisionedWriteCapacityAutoScalingUpdate"]
        for index in request.get("GlobalSecondaryIndexUpdates", ()):
            if "ProvisionedWriteCapacityAutoScalingUpdate" in index:
                update = index["ProvisionedWriteCapacityAutoScalingUpdate"]
                yield name, (index["IndexName"], "Write"), update
    for replica in request.get("ReplicaUpdates", ()):
        name = replica["RegionName"]
        if "ReplicaProvisionedReadCapacityAutoScalingUpdate" in replica:
            yield name, (None, "Read"), replica["ReplicaProvisionedReadCapacityAutoScalingUpdate"]
        for index in replica.get("ReplicaGlobalSecondaryIndexUpdates", ()):
            if "ProvisionedReadCapacityAutoScalingUpdate" in index:
                update = index["ProvisionedReadCapacityAutoScalingUpdate"]
                yield name, (index["IndexName"], "Read"), update


def new_scaling(region: Region, table: Table) -> AutoScaling:
    """The scaling of a table, without any settings yet."""

    def change(throughputs: dict[str | None, Throughput]) -> bool:
        request: Request = {"TableName": table.name}
        updates = []
        for index, throughput in throughputs.items():
            units = {
                "ReadCapacityUnits": throughput.read,
                "WriteCapacityUnits": throughput.write,
            }
            if index is None:
                request["ProvisionedThroughput"] = units
            else:
                updates.append({"Update": {"IndexName": index, "ProvisionedThroughput": units}})
        if updates:
            request["GlobalSecondaryIndexUpdates"] = updates
        try:
            update_table(region, request)
        except AwsError as error:
            # Quotas, such as that of decreases in a day, hold for auto scaling too; there is no client to
            # tell, and it tries again when the next minute with traffic is over.
            region.record("scaling-refused", table=table.name, message=error.message)
            return False
        return True

    return AutoScaling(region, table, change)


def _changed(scaling: AutoScaling, dimension: Dimension, update: dict[str, Any]) -> ScalingSettings:
    """The settings of one dimension after an update; what it leaves out stays as it was."""
    old = scaling.settings.get(dimension)
    table, (index, kind) = scaling.table, dimension
    policy = update.get("ScalingPolicyUpdate", {})
    tracking = policy.get("TargetTrackingScalingPolicyConfiguration", {})
    disabled = update.get("AutoScalingDisabled", False)
    given = (
        update.get("MinimumUnits", old and old.minimum),
        update.get("MaximumUnits", old and old.maximum),
        tracking.get("TargetValue", old and old.target),
    )
    resource = f"table/{table.name}" + ("" if index is None else f"/index/{index}")
    if None in given and not disabled:
        raise ValidationException(
            f"{_INVALID}MinimumUnits, MaximumUnits and a target value are required to enable auto "
            f"scaling of {resource}"
        )
    minimum, maximum, target = (1 if value is None else value for value in given)
    if minimum > maximum:
        raise ValidationException(f"{_INVALID}MinimumUnits must not be greater than MaximumUnits")
    if given[2] is not None and not LEAST_TARGET <= target <= GREATEST_TARGET:
        raise ValidationException(f"{_INVALID}TargetValue must be between 20 and 90")
    account = scaling.region.account_id
    return ScalingSettings(
        minimum,
        maximum,
        target,
        policy.get("PolicyName", old and old.policy_name)
        or f"DynamoDB{kind}CapacityUtilization:{resource}",
        update.get("AutoScalingRoleArn", old and old.role_arn) or ROLE.format(account),
        disabled,
        tracking.get("DisableScaleIn", old is not None and old.disable_scale_in),
        tracking.get("ScaleInCooldown", 0 if old is None else old.scale_in_cooldown),
        tracking.get("ScaleOutCooldown", 0 if old is None else old.scale_out_cooldown),
        scaling.region.now() if old is None else old.since,
        scaling.region.now() if old is None else old.policy_since,
    )


def _description(region: Region, table: Table) -> dict[str, Any]:
    return {
        "TableName": table.name,
        "TableStatus": table.status,
        "Replicas": [
            {
                "RegionName": place.name,
                "ReplicaStatus": replica.status,
                **_described(replica, None, "ReplicaProvisioned{}CapacityAutoScalingSettings"),
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": index.name,
                        "IndexStatus": index.status,
                        **_described(replica, index.name, "Provisioned{}CapacityAutoScalingSettings"),
                    }
                    for index in replica.global_indexes.values()
                ],
            }
            for place, replica in _replicas(region, table)
        ],
    }


def _described(table: Table, index: str | None, member: str) -> dict[str, Any]:
    scaling = table.parts.find(AutoScaling)
    if scaling is None:
        return {}
    found = ((kind, scaling.settings.get((index, kind))) for kind in ("Read", "Write"))
    return {member.format(kind): _settings(settings) for kind, settings in found if settings is not None}


def _settings(settings: ScalingSettings) -> dict[str, Any]:
    if settings.disabled:
        return {"AutoScalingDisabled": True}
    policies = [] if settings.target is None else [_policy(settings)]
    return {
        "MinimumUnits": settings.minimum,
        "MaximumUnits": settings.maximum,
        "AutoScalingDisabled": False,
        "AutoScalingRoleArn": settings.role_arn,
        "ScalingPolicies": policies,
    }


def _policy(settings: ScalingSettings) -> dict[str, Any]:
    return {
        "PolicyName": settings.policy_name,
        "TargetTrackingScalingPolicyConfiguration": {
            "DisableScaleIn": settings.disable_scale_in,
            "ScaleInCooldown": settings.scale_in_cooldown,
            "ScaleOutCooldown": settings.scale_out_cooldown,
            "TargetValue": settings.target,
        },
    }
