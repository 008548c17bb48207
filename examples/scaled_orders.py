"""A provisioned table that scales its writes, and then gets a replica: both with plain clients."""

from __future__ import annotations

from typing import Any

import boto3

TABLE = "orders"
REGION, ELSEWHERE = "us-east-1", "eu-west-1"


def create_table() -> Any:
    """A table of five units each, whose writes may grow to a hundred."""
    tables: Any = boto3.client("dynamodb", region_name=REGION)
    tables.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    tables.get_waiter("table_exists").wait(TableName=TABLE)
    return tables


def scale_writes(least: int, most: int) -> Any:
    """Keep 70 % of the writes' throughput in use."""
    scaling: Any = boto3.client("application-autoscaling", region_name=REGION)
    writes = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{TABLE}",
        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
    }
    scaling.register_scalable_target(**writes, MinCapacity=least, MaxCapacity=most)
    scaling.put_scaling_policy(
        **writes,
        PolicyName="writes-of-orders",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"},
            "TargetValue": 70.0,
        },
    )
    return scaling


def replicate(tables: Any) -> None:
    """Have the table in another region too."""
    tables.update_table(TableName=TABLE, ReplicaUpdates=[{"Create": {"RegionName": ELSEWHERE}}])
    tables.get_waiter("table_exists").wait(TableName=TABLE)


if __name__ == "__main__":
    import ddbha

    with ddbha.mock(clock=ddbha.ManualClock()) as world:
        tables = create_table()
        scaling = scale_writes(5, 100)
        replicate(tables)
        print(
            "replicas:",
            [one["RegionName"] for one in tables.describe_table(TableName=TABLE)["Table"]["Replicas"]],
        )
        for minute in range(4):
            tables.put_item(
                TableName=TABLE, Item={"id": {"S": str(minute)}, "note": {"S": "x" * 300_000}}
            )
            world.clock.advance(minutes=1)
        for one in scaling.describe_scaling_activities(ServiceNamespace="dynamodb")["ScalingActivities"]:
            print(one["Description"], "Because:", one["Cause"])
