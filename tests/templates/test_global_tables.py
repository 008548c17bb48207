"""AWS::DynamoDB::GlobalTable, and tables and replicas as CDK writes them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ddbha import World
from ddbha.errors import UsageError
from tests.installed import needs

KEYS = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
STREAM = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
INDEX = {
    "IndexName": "by-day",
    "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
WITH_DAY = [*KEYS["AttributeDefinitions"], {"AttributeName": "day", "AttributeType": "S"}]


def template(*replicas: Any, **properties: Any) -> dict[str, Any]:
    table = {"TableName": "orders", **KEYS, "StreamSpecification": STREAM, **properties}
    return {
        "Resources": {
            "Orders": {
                "Type": "AWS::DynamoDB::GlobalTable",
                "Properties": {**table, "Replicas": list(replicas)},
            }
        }
    }


def described(world: World, region: str = "us-east-1") -> Any:
    return world.client("dynamodb", region_name=region).describe_table(TableName="orders")["Table"]


def scaling(least: int, most: int, target: float = 70, **more: Any) -> dict[str, Any]:
    """As CDK's Capacity.autoscaled is written."""
    return {
        "MinCapacity": least,
        "MaxCapacity": most,
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": target},
        **more,
    }


def writes(*settings: Any, **more: Any) -> dict[str, Any]:
    scaled = scaling(*settings, **more)
    return {"WriteProvisionedThroughputSettings": {"WriteCapacityAutoScalingSettings": scaled}}


def reads(*settings: Any) -> dict[str, Any]:
    scaled = scaling(*settings)
    return {"ReadProvisionedThroughputSettings": {"ReadCapacityAutoScalingSettings": scaled}}


def fixed(units: int) -> dict[str, Any]:
    return {"ReadProvisionedThroughputSettings": {"ReadCapacityUnits": units}}


def units(description: Any) -> tuple[int, int]:
    throughput = description["ProvisionedThroughput"]
    return throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]


def test_a_provisioned_table_with_its_scaling_and_replicas() -> None:
    world = World()
    of_index = {"IndexName": "by-day", **fixed(3)}
    world.create_from(
        template(
            {"Region": "us-east-1", **reads(4, 40), "GlobalSecondaryIndexes": [of_index]},
            {"Region": "eu-west-1", **fixed(9), "GlobalSecondaryIndexes": [of_index]},
            AttributeDefinitions=WITH_DAY,
            GlobalSecondaryIndexes=[{**INDEX, **writes(6, 60)}],
            **writes(5, 50, SeedCapacity="8"),
        )
    )
    here, there = described(world), described(world, "eu-west-1")
    assert (units(here), units(there)) == ((4, 8), (9, 8))
    assert [units(one["GlobalSecondaryIndexes"][0]) for one in (here, there)] == [(3, 6), (3, 6)]

    def limits(region: str) -> Any:
        client: Any = world.client("application-autoscaling", region_name=region)
        targets = client.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
        policies = client.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
        assert len(policies) == len(targets)
        return {
            (one["ResourceId"], one["ScalableDimension"].rpartition(":")[2]): one["MaxCapacity"]
            for one in targets
        }

    of_writes = {
        ("table/orders", "WriteCapacityUnits"): 50,
        ("table/orders/index/by-day", "WriteCapacityUnits"): 60,
    }
    assert limits("us-east-1") == {**of_writes, ("table/orders", "ReadCapacityUnits"): 40}
    assert limits("eu-west-1") == of_writes


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (template({"Region": "us-east-1", **fixed(5)}), "Orders is PROVISIONED and has no Write"),
        (template({"Region": "us-east-1"}, **writes(5, 50)), "Orders is PROVISIONED and has no Read"),
        (
            template(
                {"Region": "us-east-1", **fixed(5)},
                AttributeDefinitions=WITH_DAY,
                GlobalSecondaryIndexes=[INDEX],
                **writes(5, 50),
            ),
            r"Orders.GlobalSecondaryIndexes\[0\] is PROVISIONED and has no Read",
        ),
        (
            template(
                {"Region": "us-east-1", "GlobalSecondaryIndexes": [{"IndexName": "none", **fixed(5)}]},
                BillingMode="PAY_PER_REQUEST",
            ),
            "is of none, which is no index",
        ),
        (
            template({"Region": "us-east-1", "Colour": "red"}, BillingMode="PAY_PER_REQUEST"),
            r"Orders.Replicas\[0\] has Colour",
        ),
        (
            template(
                {"Region": "us-east-1", "ReplicaStreamSpecification": {"Colour": "red"}},
                BillingMode="PAY_PER_REQUEST",
            ),
            r"Replicas\[0\].ReplicaStreamSpecification has Colour",
        ),
        (
            template(
                {"Region": "us-east-1", "ReadProvisionedThroughputSettings": {}},
                BillingMode="PAY_PER_REQUEST",
            ),
            "should have units or settings of auto scaling",
        ),
        (
            template(
                {"Region": "us-east-1", **fixed(5)},
                WriteProvisionedThroughputSettings={
                    "WriteCapacityAutoScalingSettings": {"MinCapacity": 1}
                },
            ),
            "should have a MinCapacity and a MaxCapacity",
        ),
    ],
)
def test_what_is_missing_or_unknown_is_named(made: Any, message: str) -> None:
    world = World()
    with pytest.raises(UsageError, match=message):
        world.create_from(made)
    assert world.client("dynamodb").list_tables()["TableNames"] == []


@needs("CreateTable.OnDemandThroughput")
def test_the_most_requests_of_an_on_demand_table() -> None:
    world = World()
    world.create_from(
        template(
            {"Region": "us-east-1", "ReadOnDemandThroughputSettings": {"MaxReadRequestUnits": "20"}},
            {"Region": "eu-west-1", "ReadOnDemandThroughputSettings": {"MaxReadRequestUnits": 30}},
            BillingMode="PAY_PER_REQUEST",
            WriteOnDemandThroughputSettings={"MaxWriteRequestUnits": 10},
        )
    )
    here, there = described(world), described(world, "eu-west-1")
    assert here["OnDemandThroughput"] == {"MaxReadRequestUnits": 20, "MaxWriteRequestUnits": 10}
    assert there["OnDemandThroughput"]["MaxReadRequestUnits"] == 30


def test_replicas_have_settings_of_their_own() -> None:
    world = World()
    deny = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:Scan", "Resource": "*"}
    policy = {"PolicyDocument": {"Version": "2012-10-17", "Statement": [deny]}}
    made = template(
        {"Region": "us-east-1", "SSESpecification": {"KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}},
        {
            "Region": "eu-west-1",
            "SSESpecification": {
                "KMSMasterKeyId": "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-5"
            },
            "TableClass": "STANDARD_INFREQUENT_ACCESS",
            "DeletionProtectionEnabled": True,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "KinesisStreamSpecification": {
                "StreamArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/changes",
                "ApproximateCreationDateTimePrecision": "MICROSECOND",
            },
            "ResourcePolicy": policy,
            "ReplicaStreamSpecification": {"ResourcePolicy": policy},
            "Tags": [{"Key": "place", "Value": "there"}],
        },
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"SSEEnabled": True, "SSEType": "KMS"},
    )
    made["Resources"]["Key"] = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}}
    world.create_from(made)
    here, there = described(world), described(world, "eu-west-1")
    key = here["SSEDescription"]["KMSMasterKeyArn"]
    assert key.startswith("arn:aws:kms:us-east-1:123456789012:key/")
    assert there["SSEDescription"]["KMSMasterKeyArn"].endswith("key/11111111-2222-3333-4444-5")
    assert there["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert (here["DeletionProtectionEnabled"], there["DeletionProtectionEnabled"]) == (False, True)
    client: Any = world.client("dynamodb", region_name="eu-west-1")
    (destination,) = client.describe_kinesis_streaming_destination(TableName="orders")[
        "KinesisDataStreamDestinations"
    ]
    assert destination["DestinationStatus"] == "ACTIVE"
    tags = client.list_tags_of_resource(ResourceArn=there["TableArn"])["Tags"]
    assert tags == [{"Key": "place", "Value": "there"}]
    world.client("dynamodb").scan(TableName="orders")
    with pytest.raises(ClientError, match="explicit deny"):
        client.scan(TableName="orders")
    assert "Deny" in client.get_resource_policy(ResourceArn=there["LatestStreamArn"])["Policy"]


@needs("CreateTable.GlobalTableSettingsReplicationMode")
def test_a_member_may_replicate_its_settings() -> None:
    world = World()
    mode = {"GlobalTableSettingsReplicationMode": "ENABLED"}
    world.create_from(template({"Region": "us-east-1", **mode}, BillingMode="PAY_PER_REQUEST"))
    assert described(world)["GlobalTableSettingsReplicationMode"] == "ENABLED"


def test_an_index_may_have_several_key_attributes() -> None:
    """TableV2's partitionKeys and sortKeys are several elements of one kind in a key schema."""
    names = ("league", "season", "round", "team")
    kinds = ("HASH", "HASH", "RANGE", "RANGE")
    elements = [{"AttributeName": n, "KeyType": k} for n, k in zip(names, kinds, strict=True)]
    world = World()
    world.create_from(
        template(
            {"Region": "us-east-1"},
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("id", *names)
            ],
            GlobalSecondaryIndexes=[{**INDEX, "KeySchema": elements}],
        )
    )
    (index,) = described(world)["GlobalSecondaryIndexes"]
    assert index["KeySchema"] == elements


# The properties are those that aws-cdk-lib's aws-dynamodb/lib/table.ts writes.
def replica(region: str, table: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "Type": "Custom::DynamoDBReplica",
        "Properties": {
            "ServiceToken": {"Fn::GetAtt": ["Provider", "Outputs.Arn"]},
            "TableName": table or {"Ref": "Orders"},
            "Region": region,
            "SkipReplicationCompletedWait": "true",
            **more,
        },
        "DependsOn": ["Orders"],
    }


def with_replicas(**replicas: Any) -> dict[str, Any]:
    properties = {
        "TableName": "orders",
        **KEYS,
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": STREAM,
    }
    return {
        "Resources": {**replicas, "Orders": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}
    }


def test_replicas_of_the_older_construct() -> None:
    world = World()
    conditional = {**replica("us-east-1"), "Condition": "StackRegionNotEqualsuseast1"}
    made = with_replicas(A=replica("eu-west-1"), B=replica("eu-west-2"), C=conditional)
    is_here = {"Fn::Equals": ["us-east-1", {"Ref": "AWS::Region"}]}
    made["Conditions"] = {"StackRegionNotEqualsuseast1": {"Fn::Not": [is_here]}}
    assert world.create_from(made) == ["orders"]
    replicas = [one["RegionName"] for one in described(world)["Replicas"]]
    assert replicas == ["eu-west-1", "eu-west-2"]
    assert world.table("orders", region="eu-west-2").status == "ACTIVE"


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (replica("eu-west-1", "others"), "A is a replica of 'others', which is no table"),
        (replica("eu-west-1", Colour="red"), "A has Colour"),
    ],
)
def test_replicas_that_cannot_be(made: Any, message: str) -> None:
    world = World()
    with pytest.raises(UsageError, match=message):
        world.create_from(with_replicas(A=made))
    assert world.client("dynamodb").list_tables()["TableNames"] == []


def test_references_to_other_resources() -> None:
    def table(key: Any, *tags: Any) -> dict[str, Any]:
        properties = {
            **KEYS,
            "BillingMode": "PAY_PER_REQUEST",
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
            "Tags": [{"Key": str(number), "Value": value} for number, value in enumerate(tags)],
        }
        return {"Type": "AWS::DynamoDB::Table", "Properties": properties}

    made = {
        "Resources": {
            "Key": {"Type": "AWS::KMS::Key"},
            "Alias": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/orders"}},
            "Orders": table({"Fn::GetAtt": "Key.Arn"}, {"Fn::Sub": "${Key.Arn}"}, {"Ref": "Key"}),
            "Copies": table({"Ref": "Alias"}, {"Fn::GetAtt": ["Orders", "Arn"]}, {"Ref": "Orders"}),
        }
    }
    world = World()
    world.create_from(made)
    client: Any = world.client("dynamodb")

    def of(name: str) -> tuple[str, list[str]]:
        table = client.describe_table(TableName=name)["Table"]
        tags = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
        return table["SSEDescription"]["KMSMasterKeyArn"], [tag["Value"] for tag in tags]

    arn, (written, key_id) = of("stack-Orders")
    assert arn == written == f"arn:aws:kms:us-east-1:123456789012:key/{key_id}"
    _, tags = of("stack-Copies")
    assert tags == ["arn:aws:dynamodb:us-east-1:123456789012:table/stack-Orders", "stack-Orders"]
    # The same template makes the same keys.
    again = World()
    again.create_from(made)
    assert (
        again.client("dynamodb").describe_table(TableName="stack-Orders")["Table"]["SSEDescription"][
            "KMSMasterKeyArn"
        ]
        == arn
    )
    made["Resources"]["Copies"] = table({"Fn::GetAtt": ["Orders", "StreamArn"]})
    with pytest.raises(UsageError, match=r"Copies uses Fn::GetAtt of Orders\.StreamArn"):
        World().create_from(made)


# As CDK writes Table.autoScaleWriteCapacity, and a scaled service beside it.
def scaled(**target: Any) -> dict[str, Any]:
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    return {
        "Target": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "MinCapacity": 5,
                "MaxCapacity": "50",
                "ResourceId": {"Fn::Join": ["", ["table/", {"Ref": "Orders"}]]},
                "RoleARN": role,
                "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
                "ServiceNamespace": "dynamodb",
                **target,
            },
        },
        "Tracking": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": "Tracking",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": {"Ref": "Target"},
                "TargetTrackingScalingPolicyConfiguration": {
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "DynamoDBWriteCapacityUtilization"
                    },
                    "TargetValue": 75,
                },
            },
        },
        "Service": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {"ResourceId": {"Fn::ImportValue": "x"}, "ServiceNamespace": "ecs"},
        },
        "ServicePolicy": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {"ScalingTargetId": {"Ref": "Service"}},
        },
    }


def provisioned(**resources: Any) -> dict[str, Any]:
    made = with_replicas(**resources)
    properties = made["Resources"]["Orders"]["Properties"]
    properties["BillingMode"] = "PROVISIONED"
    properties["ProvisionedThroughput"] = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    return made


def test_scaling_lets_the_older_construct_have_replicas() -> None:
    with pytest.raises(ClientError, match="Pay-Per-Request or AutoScaled"):
        World().create_from(provisioned(A=replica("eu-west-1")))
    world = World()
    world.create_from(provisioned(A=replica("eu-west-1"), **scaled()))
    client: Any = world.client("application-autoscaling")
    (target,) = client.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert (target["ResourceId"], target["MaxCapacity"]) == ("table/orders", 50)
    (policy,) = client.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 75
    assert [one["RegionName"] for one in described(world)["Replicas"]] == ["eu-west-1"]


def test_schedules_of_scaling_are_refused() -> None:
    with pytest.raises(UsageError, match="Target has ScheduledActions"):
        World().create_from(provisioned(**scaled(ScheduledActions=[])))


@pytest.mark.parametrize(
    "table",
    [
        template({"Region": "us-east-1"}, {"Region": "us-east-2"}, BillingMode="PAY_PER_REQUEST"),
        template(
            *(
                {"Region": f"us-{name}", "DeletionProtectionEnabled": True}
                for name in ("east-1", "east-2")
            ),
            {"Region": "us-west-2"},
            BillingMode="PAY_PER_REQUEST",
            MultiRegionConsistency="STRONG",
        ),
        template(
            {"Region": "us-east-1"},
            {"Region": "us-east-2"},
            BillingMode="PAY_PER_REQUEST",
            MultiRegionConsistency="STRONG",
            GlobalTableWitnesses=[{"Region": "us-west-2"}],
        ),
    ],
)
def test_of_a_template_with_a_table_that_is_refused_nothing_is_left(table: dict[str, Any]) -> None:
    world = World()
    wrong = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "no", **KEYS}}
    with pytest.raises(ClientError, match="Value 'no' at 'tableName'"):
        world.create_from({"Resources": {**table["Resources"], "Wrong": wrong}})
    for region in ("us-east-1", "us-east-2", "us-west-2"):
        assert world.client("dynamodb", region_name=region).list_tables()["TableNames"] == []
