"""The kinds of resources that are tables, each as the requests that make it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ddbha.errors import UsageError
from ddbha.templates.declarations import Declaration
from ddbha.templates.global_tables import global_table
from ddbha.templates.properties import Properties
from ddbha.templates.settings import (
    declaration,
    encryption,
    expiry,
    index_insights,
    policy,
    settings,
    stream,
    stream_policy,
)

TABLE, GLOBAL_TABLE = "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"
SIMPLE_TABLE = "AWS::Serverless::SimpleTable"


def _table(properties: Properties, region: str, account: str) -> Declaration:
    request = properties.same()
    of_stream = stream_policy(properties, "StreamSpecification", region)
    specification = stream(properties)
    if specification is not None:
        request["StreamSpecification"] = specification
    encryption(properties, request)
    document = policy(properties)
    if document is not None:
        request["ResourcePolicy"] = document
    name = request["TableName"]
    more = settings(properties, region, name)
    more += index_insights(properties.resource, request, [region], name)
    more += [*expiry(properties, region, name), *of_stream]
    properties.finish()
    return declaration(properties.resource, region, request, (region,), more)


def _simple_table(properties: Properties, region: str, account: str) -> Declaration:
    key = properties.part("PrimaryKey") or Properties(properties.resource, {})
    attribute, kind = key.take("Name", "id"), key.take("Type", "String")
    key.finish()
    kinds = {"String": "S", "Number": "N", "Binary": "B"}
    if kind not in kinds:
        raise UsageError(f"{properties.resource}: a key is a String, Number or Binary, not {kind!r}.")
    request: dict[str, Any] = {
        "TableName": properties.take("TableName"),
        "AttributeDefinitions": [{"AttributeName": attribute, "AttributeType": kinds[kind]}],
        "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    throughput = properties.take("ProvisionedThroughput")
    if throughput is not None:
        request.update(BillingMode="PROVISIONED", ProvisionedThroughput=throughput)
    tags = properties.part("Tags")
    if tags is not None:
        request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.members.items()]
    encryption(properties, request)
    more = settings(properties, region, request["TableName"])
    properties.finish()
    return declaration(properties.resource, region, request, (region,), more)


#: What makes a declaration of the properties of each kind, a region and an account.
KINDS: dict[str, Callable[[Properties, str, str], Declaration]] = {
    TABLE: _table,
    GLOBAL_TABLE: global_table,
    SIMPLE_TABLE: _simple_table,
}
