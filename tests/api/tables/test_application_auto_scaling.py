"""Application Auto Scaling's API for DynamoDB.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/AutoScaling.CLI.html
"""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, of_units
from tests.installed import needs
from tests.server.asking import AUTHORIZATION, HEADERS, ask

TABLE = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/tab",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
INDEX = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/tab/index/by-colour",
    "ScalableDimension": "dynamodb:index:WriteCapacityUnits",
}


def tracking(target: float = 50.0, kind: str = "Write", **more: Any) -> dict[str, Any]:
    metric = {"PredefinedMetricType": f"DynamoDB{kind}CapacityUtilization"}
    return {
        "PolicyName": "policy",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "PredefinedMetricSpecification": metric,
            "TargetValue": target,
            **more,
        },
    }


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock("2026-03-01T12:00:00Z"))


@pytest.fixture
def tables(world: ddbha.World) -> Any:
    client: Any = world.client("dynamodb", region_name="us-east-1")
    units = {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10}
    index = {**index_on("by-colour", "colour"), "ProvisionedThroughput": units}
    client.create_table(
        TableName="tab", **of_units(10, 10, "pk", more=["colour"]), GlobalSecondaryIndexes=[index]
    )
    return client


@pytest.fixture
def scaling(world: ddbha.World, tables: Any) -> Any:
    return world.client("application-autoscaling", region_name="us-east-1")


def refused(call: Any, code: str, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    assert caught.value.response["Error"]["Code"] == code
    message: str = caught.value.response["Error"]["Message"]
    return message


def test_a_target_is_registered_changed_and_forgotten(scaling: Any) -> None:
    first = scaling.register_scalable_target(**TABLE, MinCapacity=5, MaxCapacity=100)
    assert ":scalable-target/" in first["ScalableTargetARN"]
    # What a later request leaves out stays.
    again = scaling.register_scalable_target(
        **TABLE, MaxCapacity=200, SuspendedState={"DynamicScalingInSuspended": True}
    )
    assert again["ScalableTargetARN"] == first["ScalableTargetARN"]
    (shown,) = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert shown.items() >= {**TABLE, "MinCapacity": 5, "MaxCapacity": 200}.items()
    assert shown["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }
    assert shown["CreationTime"].isoformat().startswith("2026-03-01T")
    scaling.deregister_scalable_target(**TABLE)
    assert scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []


def test_a_policy_lets_throughput_follow_what_is_consumed(
    world: ddbha.World, tables: Any, scaling: Any
) -> None:
    scaling.register_scalable_target(**TABLE, MinCapacity=5, MaxCapacity=1000)
    put = {"pk": {"S": "a"}, "data": {"B": b"x" * (6 * 60 * 1024 - 20)}}

    def write(minutes: int) -> int:
        for _ in range(minutes):
            world.clock.advance(seconds=30)
            tables.put_item(TableName="tab", Item=put)
            world.clock.advance(seconds=30)
        table = tables.describe_table(TableName="tab")["Table"]
        units: int = table["ProvisionedThroughput"]["WriteCapacityUnits"]
        return units

    # Limits alone change nothing.
    assert write(3) == 10
    answer = scaling.put_scaling_policy(**TABLE, **tracking(ScaleOutCooldown=60))
    assert answer["PolicyARN"].endswith("resource/dynamodb/table/tab:policyName/policy")
    # Six units a second are half of twelve.
    assert write(3) == 12
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    assert policy["PolicyARN"] == answer["PolicyARN"]
    configuration = policy["TargetTrackingScalingPolicyConfiguration"]
    assert (configuration["TargetValue"], configuration["ScaleOutCooldown"]) == (50.0, 60)
    (activity,) = scaling.describe_scaling_activities(ServiceNamespace="dynamodb")["ScalingActivities"]
    assert scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"] == []
    assert activity.items() >= TABLE.items()
    assert activity["Description"] == "Setting write capacity units to 12."
    assert activity["StatusCode"] == "Successful"
    scaling.delete_scaling_policy(**TABLE, PolicyName="policy")
    assert scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []


def test_what_does_not_exist(scaling: Any) -> None:
    """The words: ansible/ansible#40237, terraform-aws-modules/terraform-aws-dynamodb-table#15."""
    assert refused(scaling.put_scaling_policy, "ObjectNotFoundException", **TABLE, **tracking()) == (
        "No scalable target registered for service namespace: dynamodb, resource ID: table/tab, "
        "scalable dimension: dynamodb:table:WriteCapacityUnits"
    )
    missing = {**TABLE, "ResourceId": "table/none", "MinCapacity": 1, "MaxCapacity": 2}
    assert refused(scaling.register_scalable_target, "ValidationException", **missing) == (
        "DynamoDB table does not exist: table/none"
    )
    refused(scaling.deregister_scalable_target, "ObjectNotFoundException", **TABLE)
    scaling.register_scalable_target(**TABLE, MinCapacity=5, MaxCapacity=100)
    refused(scaling.delete_scaling_policy, "ObjectNotFoundException", **TABLE, PolicyName="policy")


@pytest.mark.parametrize(
    "changed",
    [
        {"ServiceNamespace": "ecs"},
        {"ResourceId": "tab"},
        {"ResourceId": "table/tab/index/by-colour"},
        {"ScalableDimension": "dynamodb:index:WriteCapacityUnits"},
    ],
)
def test_dimensions_that_there_are_not(scaling: Any, changed: dict[str, str]) -> None:
    """pulumi/pulumi-policy-aws#11"""
    request = {**TABLE, **changed, "MinCapacity": 1, "MaxCapacity": 2}
    assert refused(scaling.register_scalable_target, "ValidationException", **request) == (
        "Unsupported service namespace, resource type or scalable dimension"
    )


@pytest.mark.parametrize("limits", [{}, {"MinCapacity": 2, "MaxCapacity": 1}, {"MinCapacity": 1}])
def test_limits_that_are_none(scaling: Any, limits: dict[str, int]) -> None:
    refused(scaling.register_scalable_target, "ValidationException", **TABLE, **limits)
    assert scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []


def test_policies_that_are_none(scaling: Any) -> None:
    scaling.register_scalable_target(**TABLE, MinCapacity=5, MaxCapacity=100)
    for policy in (tracking(95.0), tracking(kind="Read"), {"PolicyName": "policy"}):
        refused(scaling.put_scaling_policy, "ValidationException", **TABLE, **policy)
    scaling.put_scaling_policy(**TABLE, **tracking())
    second = {**tracking(), "PolicyName": "second"}
    refused(scaling.put_scaling_policy, "ValidationException", **TABLE, **second)


def test_pages(scaling: Any) -> None:
    for target in (TABLE, INDEX):
        scaling.register_scalable_target(**target, MinCapacity=5, MaxCapacity=100)
    pages = scaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="dynamodb", PaginationConfig={"PageSize": 1}
    )
    found = [[target["ResourceId"] for target in page["ScalableTargets"]] for page in pages]
    assert found == [["table/tab"], ["table/tab/index/by-colour"]]
    refused(
        scaling.describe_scalable_targets,
        "InvalidNextTokenException",
        ServiceNamespace="dynamodb",
        NextToken="xyz",
    )
    only = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", ResourceIds=["table/tab"])
    assert [target["ResourceId"] for target in only["ScalableTargets"]] == ["table/tab"]


def test_a_provisioned_table_gets_its_first_replica_once_all_its_writes_scale(
    tables: Any, scaling: Any
) -> None:
    """The rule: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html"""
    create = {"TableName": "tab", "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}
    for target, message in (
        (TABLE, "Table write capacity should either be Pay-Per-Request or AutoScaled."),
        (INDEX, "GSI write capacity should either be Pay-Per-Request or AutoScaled."),
    ):
        assert refused(tables.update_table, "ValidationException", **create) == message
        scaling.register_scalable_target(**target, MinCapacity=5, MaxCapacity=100)
        assert refused(tables.update_table, "ValidationException", **create) == message
        scaling.put_scaling_policy(**target, **tracking())
    tables.update_table(**create)
    described = tables.describe_table_replica_auto_scaling(TableName="tab")
    replica = described["TableAutoScalingDescription"]["Replicas"][0]
    assert replica["ReplicaProvisionedWriteCapacityAutoScalingSettings"]["MaximumUnits"] == 100


def test_plain_clients_reach_it_inside_a_mock() -> None:
    with ddbha.mock():
        client: Any = boto3.client("application-autoscaling", region_name="us-east-1")
        targets = client.describe_scalable_targets(ServiceNamespace="dynamodb")
        assert targets["ScalableTargets"] == []


METRIC = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}
CUSTOMIZED = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum"}


@pytest.mark.parametrize(
    "more",
    [
        {"PredefinedMetricSpecification": {**METRIC, "ResourceLabel": "label"}},
        {"CustomizedMetricSpecification": CUSTOMIZED},
    ],
)
def test_a_policy_has_no_other_metric(tables: Any, scaling: Any, more: Any) -> None:
    scaling.register_scalable_target(**TABLE, MinCapacity=1, MaxCapacity=10)
    with pytest.raises(ClientError, match="is the predefined DynamoDBWriteCapacityUtilization"):
        scaling.put_scaling_policy(**TABLE, **tracking(**more))


def test_a_policy_has_no_steps_beside_its_target(tables: Any, scaling: Any) -> None:
    scaling.register_scalable_target(**TABLE, MinCapacity=1, MaxCapacity=10)
    steps = {"AdjustmentType": "ExactCapacity"}
    with pytest.raises(ClientError, match="policies of type TargetTrackingScaling only"):
        scaling.put_scaling_policy(**TABLE, **tracking(), StepScalingPolicyConfiguration=steps)


@needs("RegisterScalableTarget.Tags", "application-autoscaling")
def test_targets_have_no_tags(tables: Any, scaling: Any) -> None:
    with pytest.raises(ClientError, match="ddbha does not implement Tags of RegisterScalableTarget"):
        scaling.register_scalable_target(**TABLE, MinCapacity=1, MaxCapacity=10, Tags={"team": "a"})
    scaling.register_scalable_target(**TABLE, MinCapacity=1, MaxCapacity=10, Tags={})


def test_it_is_answered_over_http(world: ddbha.World, tables: Any) -> None:
    headers = {
        **HEADERS,
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AnyScaleFrontendService.RegisterScalableTarget",
        "authorization": AUTHORIZATION.replace("/dynamodb/", "/application-autoscaling/"),
    }
    body = json.dumps({**TABLE, "MinCapacity": 1, "MaxCapacity": 10}).encode()
    answer = ask(world, "POST", headers=headers, body=body)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-amz-json-1.1")
    assert ":scalable-target/" in answer.json["ScalableTargetARN"]
