"""Tables from CloudFormation and SAM templates, and from descriptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ddbha import ManualClock, Timings, World
from ddbha.errors import UsageError
from tests.building import vector_index
from tests.installed import knows, needs

YAML = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Stage: {Type: String, Default: test, AllowedValues: [test, live]}
  Units: {Type: Number, Default: 5}
Resources:
  Handler:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role.Arn}
  Orders:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      TableName: !Sub "${Stage}-orders-${AWS::Region}"
      AttributeDefinitions:
        - {AttributeName: id, AttributeType: S}
        - {AttributeName: day, AttributeType: S}
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      ProvisionedThroughput: {ReadCapacityUnits: !Ref Units, WriteCapacityUnits: '7'}
      GlobalSecondaryIndexes:
        - IndexName: by-day
          KeySchema: [{AttributeName: day, KeyType: HASH}]
          Projection: {ProjectionType: ALL}
          ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}
          ContributorInsightsSpecification: {Enabled: true}
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      SSESpecification: {SSEEnabled: true}
      TimeToLiveSpecification: {AttributeName: expires, Enabled: "true"}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7}
      DeletionProtectionEnabled: "true"
      Tags:
        - {Key: stage, Value: !Join ["-", [!Ref Stage, !Ref "AWS::AccountId", "no"]]}
        - !Ref AWS::NoValue
"""


def resource(kind: str = "AWS::DynamoDB::Table", **properties: Any) -> dict[str, Any]:
    plain = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if kind == "AWS::Serverless::SimpleTable":
        plain = {}
    return {"Type": kind, "Properties": {**plain, **properties}}


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def check_orders(world: World, name: str) -> None:
    client = world.client("dynamodb")
    table = client.describe_table(TableName=name)["Table"]
    throughput = table["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (5, 7)
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-day"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert table["DeletionProtectionEnabled"] is True
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry["AttributeName"] == "expires"
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    if knows("PointInTimeRecoveryDescription.RecoveryPeriodInDays"):
        assert backups["PointInTimeRecoveryDescription"]["RecoveryPeriodInDays"] == 7
    tags = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert tags == [{"Key": "stage", "Value": "test-123456789012-no"}]
    insights = client.describe_contributor_insights(TableName=name, IndexName="by-day")
    assert insights["ContributorInsightsStatus"] == "ENABLED"


def test_a_yaml_template_with_everything_a_table_has() -> None:
    world = World()
    assert world.create_from(YAML) == ["test-orders-us-east-1"]
    check_orders(world, "test-orders-us-east-1")


def test_a_template_in_a_file_and_its_parameters(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(YAML)
    world = World()
    assert world.create_from(str(path), region="eu-west-1", parameters={"Stage": "live"}) == [
        "live-orders-eu-west-1"
    ]
    with pytest.raises(UsageError, match="The parameter Stage is one of"):
        world.create_from(path, parameters={"Stage": "moon"})
    with pytest.raises(UsageError, match="no parameters Stag; it has Stage, Units"):
        world.create_from(path, parameters={"Stag": "live"})


def test_transitions_are_waited_for() -> None:
    world = World(clock=ManualClock("2026-03-01T12:00:00Z"), timings=Timings.aws())
    table = resource(
        "AWS::DynamoDB::GlobalTable",
        StreamSpecification={"StreamViewType": "NEW_AND_OLD_IMAGES"},
        TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True},
        Replicas=[
            {"Region": "us-east-1", "Tags": [{"Key": "a", "Value": "1"}]},
            {"Region": "eu-west-1", "DeletionProtectionEnabled": True},
            {"Region": "us-west-2", "Tags": [{"Key": "b", "Value": "2"}]},
        ],
    )
    assert world.create_from(template(Visits=table)) == ["stack-Visits"]
    for region, tag in (("us-east-1", "a"), ("eu-west-1", None), ("us-west-2", "b")):
        client = world.client("dynamodb", region_name=region)
        found = client.describe_table(TableName="stack-Visits")["Table"]
        assert found["TableStatus"] == "ACTIVE"
        assert found.get("DeletionProtectionEnabled", False) is (region == "eu-west-1")
        tags = client.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"]
        assert [one["Key"] for one in tags] == ([tag] if tag else [])
        expiry = client.describe_time_to_live(TableName="stack-Visits")["TimeToLiveDescription"]
        assert expiry["AttributeName"] == "expires"


def test_sam_simple_tables() -> None:
    world = World()
    text = json.dumps(
        {
            "Transform": "AWS::Serverless-2016-10-31",
            "Globals": {"SimpleTable": {"SSESpecification": {"SSEEnabled": True}}},
            "Resources": {
                "Plain": {"Type": "AWS::Serverless::SimpleTable"},
                "Own": resource(
                    "AWS::Serverless::SimpleTable",
                    TableName={"Fn::Sub": "${Plain}-own-2"},
                    PrimaryKey={"Name": "number", "Type": "Number"},
                    ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
                    Tags={"team": "a"},
                ),
            },
        }
    )
    with pytest.raises(UsageError, match="Own refers to Plain"):
        world.create_from(text)
    names = world.create_from(text.replace("${Plain}", "plain"), parameters={"AWS::StackName": "shop"})
    assert names == ["shop-Plain", "plain-own-2"]
    plain, own = (world.client("dynamodb").describe_table(TableName=name)["Table"] for name in names)
    assert plain["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert plain["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert plain["SSEDescription"]["Status"] == "ENABLED"
    assert own["AttributeDefinitions"] == [{"AttributeName": "number", "AttributeType": "N"}]
    assert own["ProvisionedThroughput"]["WriteCapacityUnits"] == 4
    tags = world.client("dynamodb").list_tags_of_resource(ResourceArn=own["TableArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "a"}]


def test_descriptions() -> None:
    old = World()
    old.create_from(YAML)
    described: Any = old.client("dynamodb").describe_table(TableName="test-orders-us-east-1")
    text = json.dumps(described, default=str)
    for given in (text, described, described["Table"], [described]):
        world = World()
        assert world.create_from(given) == ["test-orders-us-east-1"]
        table = world.client("dynamodb").describe_table(TableName="test-orders-us-east-1")["Table"]
        for member in ("KeySchema", "StreamSpecification", "DeletionProtectionEnabled"):
            assert table[member] == described["Table"][member]


def test_a_description_of_a_global_table() -> None:
    old = World()
    replicas = [{"Region": "us-east-1"}, {"Region": "eu-west-1"}]
    table = resource(
        "AWS::DynamoDB::GlobalTable",
        StreamSpecification={"StreamViewType": "NEW_AND_OLD_IMAGES"},
        Replicas=replicas,
    )
    old.create_from(template(Visits=table))
    described: Any = old.client("dynamodb").describe_table(TableName="stack-Visits")
    world = World()
    world.create_from(described)
    assert world.table("stack-Visits", region="eu-west-1").status == "ACTIVE"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({**resource(), "Condition": "IsLive"}, "Orders has the condition 'IsLive'"),
        ({**resource(), "CreationPolicy": {}}, "Orders has CreationPolicy"),
        (resource(TableName={"Fn::ImportValue": "name"}), "Orders uses Fn::ImportValue"),
        (resource(TableName={"Fn::If": ["IsLive", "a"]}), "Fn::If takes a condition and two values"),
        (resource(TableName={"Fn::Select": [2, ["a", "b"]]}), "Fn::Select takes a place in a list"),
        (resource(TableName={"Fn::Split": ["", "a"]}), "Fn::Split takes a delimiter and text"),
        (resource(TableName={"Ref": "Queue"}), "Orders refers to Queue"),
        (resource(Colour="red"), "Orders has Colour"),
        (resource(Tags=[{"Kay": "a"}]), r"Orders.Tags\[0\] has Kay"),
        (resource(Tags={"a": "b"}), "Orders.Tags should be a list"),
        (resource(ImportSourceSpecification={}), "Orders has ImportSourceSpecification"),
        (
            resource("AWS::DynamoDB::GlobalTable", Replicas=[{"Region": "eu-west-1"}]),
            "region of the stack",
        ),
        (resource("AWS::Serverless::SimpleTable", PrimaryKey={"Type": "Map"}), "Orders.*not 'Map'"),
    ],
)
def test_what_cannot_be_followed_names_the_resource_and_makes_nothing(table: Any, message: str) -> None:
    world = World()
    with pytest.raises(UsageError, match=message):
        world.create_from(template(First=resource(), Orders=table))
    assert world.client("dynamodb").list_tables()["TableNames"] == []


def test_a_parameter_without_a_value() -> None:
    given = {
        "Parameters": {"Name": {"Type": "String"}},
        **template(A=resource(TableName={"Ref": "Name"})),
    }
    with pytest.raises(UsageError, match="A needs the parameter Name"):
        World().create_from(given)
    assert World().create_from(given, parameters={"Name": "mine"}) == ["mine"]


def test_what_dynamodb_refuses_leaves_nothing_behind() -> None:
    world = World()
    first = resource(DeletionProtectionEnabled=True)
    with pytest.raises(ClientError, match="ValidationException"):
        world.create_from(template(First=first, Second=resource(TableName="a")))
    assert world.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("missing.yaml", "missing.yaml cannot be read"),
        ("{", "The template is no JSON"),
        ("a: [\n", "The template is no YAML"),
        ({"Resources": {}}, "The template has no AWS::DynamoDB::Table"),
        ({"Tables": []}, "TableName and KeySchema"),
        ([3], "not by 3"),
        (3, "not int"),
    ],
)
def test_what_is_no_template(given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        World().create_from(given)


def test_sub_with_its_own_variables_and_literals() -> None:
    text = {"Fn::Sub": ["${Own}.${!Kept}", {"Own": {"Ref": "AWS::Region"}}]}
    with pytest.raises(ClientError, match=r"us-east-1\.\$\{Kept\}"):
        World().create_from(template(A=resource(Tags=[{"Key": "a", "Value": text}])))


def test_conditions() -> None:
    is_live = {"Fn::Equals": [{"Ref": "Stage"}, "live"]}
    given: dict[str, Any] = {
        "Parameters": {"Stage": {"Type": "String", "Default": "test"}},
        "Conditions": {
            "IsLive": is_live,
            "IsNot": {"Fn::Not": [{"Condition": "IsLive"}]},
            "IsBoth": {"Fn::And": [is_live, {"Condition": "IsNot"}]},
            "IsEither": {"Fn::Or": [is_live, {"Condition": "IsNot"}]},
        },
        **template(
            A={**resource(), "Condition": "IsLive"},
            B={**resource(), "Condition": "IsNot"},
            C={**resource(), "Condition": "IsBoth"},
            D={**resource(TableName={"Fn::If": ["IsLive", "lives", "tests"]}), "Condition": "IsEither"},
        ),
    }
    assert World().create_from(given) == ["stack-B", "tests"]
    assert World().create_from(given, parameters={"Stage": "live"}) == ["stack-A", "lives"]
    given["Conditions"]["IsLive"] = {"Condition": "IsNot"}
    with pytest.raises(UsageError, match="A has the condition 'IsLive'"):
        World().create_from(given)
    given["Conditions"]["IsLive"] = {"Fn::Equals": [{"Ref": "Nothing"}, "live"]}
    with pytest.raises(UsageError, match="A refers to Nothing"):
        World().create_from(given)
    given["Conditions"]["IsLive"] = {"Fn::Contains": [["a"], "a"]}
    with pytest.raises(UsageError, match="A depends on the condition IsLive"):
        World().create_from(given)


def test_parts_of_texts() -> None:
    arn = "arn:aws:dynamodb:us-east-1:210987654321:table/orders"
    name = {"Fn::Select": ["4", {"Fn::Split": [":", arn]}]}
    assert World().create_from(template(A=resource(TableName=name))) == ["210987654321"]


def test_the_policy_of_a_stream() -> None:
    world = World()
    deny = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:GetRecords", "Resource": "*"}
    policy = {"PolicyDocument": {"Version": "2012-10-17", "Statement": [deny]}}
    stream = {"StreamViewType": "NEW_IMAGE", "ResourcePolicy": policy}
    (name,) = world.create_from(template(A=resource(StreamSpecification=stream)))
    client: Any = world.client("dynamodb")
    arn = client.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    given = json.loads(client.get_resource_policy(ResourceArn=arn)["Policy"])
    assert given["Statement"] == [deny]


def test_a_resource_policy() -> None:
    world = World()
    deny = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:Scan", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [deny]}
    (name,) = world.create_from(template(A=resource(ResourcePolicy={"PolicyDocument": policy})))
    with pytest.raises(ClientError, match="explicit deny"):
        world.client("dynamodb").scan(TableName=name)


@needs("TableDescription.GlobalTableWitnesses")
def test_a_strongly_consistent_global_table() -> None:
    world = World()
    table = resource(
        "AWS::DynamoDB::GlobalTable",
        StreamSpecification={"StreamViewType": "NEW_AND_OLD_IMAGES"},
        MultiRegionConsistency="STRONG",
        Replicas=[{"Region": "us-east-1"}, {"Region": "us-east-2"}],
        GlobalTableWitnesses=[{"Region": "us-west-2"}],
    )
    (name,) = world.create_from(template(Strong=table))
    described: Any = world.client("dynamodb").describe_table(TableName=name)["Table"]
    assert described["MultiRegionConsistency"] == "STRONG"
    assert [one["RegionName"] for one in described["GlobalTableWitnesses"]] == ["us-west-2"]


@needs("SearchVectors")
def test_vector_indexes_of_templates_and_descriptions() -> None:
    world, again = World(clock=ManualClock()), World(clock=ManualClock())
    # Templates may write numbers as strings.
    index = {**vector_index("by-meaning", 2), "Dimensions": "2"}
    (name,) = world.create_from(template(Articles=resource(VectorIndexes=[index])))
    description = world.client("dynamodb").describe_table(TableName=name)
    assert again.create_from(description) == [name]
    copy = again.client("dynamodb").describe_table(TableName=name)["Table"]["VectorIndexes"]
    assert copy == description["Table"]["VectorIndexes"]
    assert copy[0]["Dimensions"] == 2


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS + "Resources: {T: {Type: 'AWS::DynamoDB::Table', Properties: {Tags: *a8}}}",
        "Resources: &r\n  T: *r\n",
        "x: " + "[" * 20_000,
        "x: " + "{a: " * 5_000,
        "{" * 50_000,
        '{"a":' * 300 + "1" + "}" * 300,
        "x: !!python/object/apply:os.getcwd []\n",
        "x: !!int zero\n",
        "x: 2026-99-99\n? [a]\n: b\n",
    ],
)
def test_templates_that_would_never_end(text: str) -> None:
    world = World()
    with pytest.raises(UsageError):
        world.create_from(text)
    assert world.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.parametrize(
    "more",
    [
        {"Conditions": {"Yes": {"Fn::Equals": [{"Fn::If": ["Yes", "a", "b"]}, "a"]}}},
        {
            "Conditions": {"Yes": {"Fn::Equals": [{"Ref": "Alias"}, "a"]}},
            "Alias": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": {"Ref": "Alias"}}},
        },
    ],
)
def test_what_refers_to_itself_is_refused(more: dict[str, Any]) -> None:
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Condition": "Yes",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    }
    resources = {"Table": table, **{name: one for name, one in more.items() if name == "Alias"}}
    with pytest.raises(UsageError, match="refers to itself"):
        World().create_from({"Resources": resources, "Conditions": more["Conditions"]})
