"""Replicas of encrypted tables.

Expected: answers of AWS in issues of Terraform's provider (hashicorp/terraform-provider-aws 17422, 21726,
29102) and in the public findings of a controller's authors (DDB-TABLE-295 and DDB-TABLE-313).
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import on_demand

KEY = "arn:aws:kms:{}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
HERE, THERE = KEY.format("us-east-1"), KEY.format("eu-west-1")
INVALID = "One or more parameter values were invalid: "
EACH = f"{INVALID}KMSMasterKeyId must be specified for each replica."
MIXED = f"{INVALID}All replica keys must either be Customer Managed CMK or AWS Managed CMK."


def table(encryption: dict[str, Any] | None) -> tuple[ddbha.World, Any]:
    world = ddbha.World()
    client: Any = world.client("dynamodb", region_name="us-east-1")
    given = (
        {}
        if encryption is None
        else {"SSESpecification": {"Enabled": True, "SSEType": "KMS", **encryption}}
    )
    client.create_table(TableName="orders", **on_demand("pk"), **given)
    return world, client


def change(client: Any, kind: str, **action: Any) -> Any:
    updates = [{kind: {"RegionName": "eu-west-1", **action}}]
    return client.update_table(TableName="orders", ReplicaUpdates=updates)


def refused(client: Any, kind: str, **action: Any) -> str:
    with pytest.raises(ClientError) as failed:
        change(client, kind, **action)
    assert failed.value.response["Error"]["Code"] == "ValidationException"
    return str(failed.value.response["Error"]["Message"])


def shown(world: ddbha.World, region: str) -> Any:
    client: Any = world.client("dynamodb", region_name=region)
    return client.describe_table(TableName="orders")["Table"]


@pytest.mark.parametrize(
    ("encryption", "key", "message"),
    [
        ({"KMSMasterKeyId": HERE}, None, EACH),
        ({"KMSMasterKeyId": HERE}, "alias/aws/dynamodb", MIXED),
        ({}, THERE, MIXED),
        (None, THERE, EACH),
        (None, "alias/aws/dynamodb", EACH),
    ],
)
def test_keys_that_do_not_fit(encryption: dict[str, Any] | None, key: str | None, message: str) -> None:
    world, client = table(encryption)
    given = {} if key is None else {"KMSMasterKeyId": key}
    assert refused(client, "Create", **given) == message
    assert "Replicas" not in shown(world, "us-east-1")


def test_a_key_of_another_region() -> None:
    _, client = table({"KMSMasterKeyId": HERE})
    message = refused(client, "Create", KMSMasterKeyId=HERE)
    assert message.startswith("KMS validation error for region eu-west-1: ")
    assert "NotFoundException: Invalid arn us-east-1" in message


def test_each_replica_shows_its_own_key() -> None:
    world, client = table({"KMSMasterKeyId": HERE})
    change(client, "Create", KMSMasterKeyId=THERE.rpartition("/")[2])
    ours, theirs = shown(world, "us-east-1"), shown(world, "eu-west-1")
    assert ours["SSEDescription"]["KMSMasterKeyArn"] == HERE
    assert theirs["SSEDescription"]["KMSMasterKeyArn"] == THERE
    assert ours["Replicas"][0]["KMSMasterKeyId"] == THERE
    assert theirs["Replicas"][0]["KMSMasterKeyId"] == HERE
    for key in (THERE, "alias/aws/dynamodb"):
        assert refused(client, "Update", KMSMasterKeyId=key) == EACH


def test_managed_keys_are_those_of_the_regions() -> None:
    world, client = table(None)
    change(client, "Create")
    assert "KMSMasterKeyId" not in shown(world, "us-east-1")["Replicas"][0]
    assert refused(client, "Update", KMSMasterKeyId="alias/aws/dynamodb") == EACH
    client.update_table(TableName="orders", SSESpecification={"Enabled": True, "SSEType": "KMS"})
    keys = {region: shown(world, region) for region in ("us-east-1", "eu-west-1")}
    for region, other in (("us-east-1", "eu-west-1"), ("eu-west-1", "us-east-1")):
        arn = keys[region]["SSEDescription"]["KMSMasterKeyArn"]
        assert arn.startswith(f"arn:aws:kms:{region}:123456789012:key/")
        assert keys[other]["Replicas"][0]["KMSMasterKeyId"] == arn


def test_a_customers_key_comes_with_the_replicas_only() -> None:
    _, client = table(None)
    change(client, "Create")
    wanted = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": HERE}
    with pytest.raises(ClientError, match="can only be updated through ReplicaUpdates parameter"):
        client.update_table(TableName="orders", SSESpecification=wanted)
