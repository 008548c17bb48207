"""The kinds of resources that are tables, each as the requests that make it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ddbha.api.wire.model import input_shape
from ddbha.errors import UsageError
from ddbha.templates.declarations import Declaration, Request, replication
from ddbha.templates.properties import REFUSED, Properties, is_true, typed

TABLE, GLOBAL_TABLE = "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"
SIMPLE_TABLE = "AWS::Serverless::SimpleTable"


def _table(properties: Properties, region: str, account: str) -> Declaration:
    request = properties.same()
    stream = _stream(properties)
    if stream is not None:
        request["StreamSpecification"] = stream
    _encryption(properties, request)
    policy = properties.part("ResourcePolicy")
    if policy is not None:
        request["ResourcePolicy"] = json.dumps(policy.take("PolicyDocument"))
        policy.finish()
    name = request["TableName"]
    settings = _settings(properties, region, name)
    settings += _index_insights(properties.resource, request, [region], name)
    settings += _expiry(properties, region, name)
    properties.finish()
    return _declaration(properties.resource, region, request, (region,), settings)


def _global_table(properties: Properties, region: str, account: str) -> Declaration:
    request = properties.same()
    if request.get("BillingMode") != "PAY_PER_REQUEST":
        raise UsageError(
            f"{properties.resource} has no BillingMode PAY_PER_REQUEST, and a provisioned global table "
            "needs auto scaling, which create_from does not set up."
        )
    request["StreamSpecification"] = _stream(properties) or {"StreamEnabled": False}
    _encryption(properties, request)
    name = request["TableName"]
    replicas = {one.take("Region"): one for one in properties.parts("Replicas")}
    if region not in replicas:
        raise UsageError(
            f"{properties.resource} has replicas in {sorted(map(str, replicas))}; one has to be in the "
            f"region of the stack, {region}: create_from(..., region=...)."
        )
    own = replicas[region]
    requests = _index_insights(properties.resource, request, list(replicas), name)
    for place, replica in replicas.items():
        of_indexes = {"GlobalSecondaryIndexes": replica.take("GlobalSecondaryIndexes", [])}
        requests += _index_insights(replica.resource, of_indexes, [place], name)
        for index in of_indexes["GlobalSecondaryIndexes"]:
            if index.keys() != {"IndexName"}:
                raise UsageError(f"{replica.resource}: create_from does not take {sorted(index)}.")
    request.update(own.same())
    others = [place for place in replicas if place != region]
    mode = properties.take("MultiRegionConsistency", "EVENTUAL")
    witnesses = [one.take("Region") for one in properties.parts("GlobalTableWitnesses")]
    if mode == "STRONG":
        # Only all at once.
        update: dict[str, Any] = {"TableName": name, "MultiRegionConsistency": mode}
        update["ReplicaUpdates"] = [{"Create": {"RegionName": place}} for place in others]
        if witnesses:
            updates = [{"Create": {"RegionName": place}} for place in witnesses]
            update["GlobalTableWitnessUpdates"] = updates
        joined = [Request(region, "update_table", update)]
    else:
        joined = list(replication(region, name, others))
    requests = [*joined, *requests]
    for place, replica in replicas.items():
        changes = replica.same() if place != region else {}
        requests += _settings(replica, place, name)
        tags = changes.pop("Tags", None)
        if tags:
            arn = f"arn:aws:dynamodb:{place}:{account}:table/{name}"
            requests.append(Request(place, "tag_resource", {"ResourceArn": arn, "Tags": tags}))
        for member, value in changes.items():
            requests.append(Request(place, "update_table", {"TableName": name, member: value}))
        replica.finish()
    requests += _expiry(properties, region, name)
    properties.finish()
    return _declaration(properties.resource, region, request, (region, *others), requests)


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
    _encryption(properties, request)
    settings = _settings(properties, region, request["TableName"])
    properties.finish()
    return _declaration(properties.resource, region, request, (region,), settings)


#: What makes a declaration of the properties of each kind, a region and an account.
KINDS: dict[str, Callable[[Properties, str, str], Declaration]] = {
    TABLE: _table,
    GLOBAL_TABLE: _global_table,
    SIMPLE_TABLE: _simple_table,
}


def _stream(properties: Properties) -> dict[str, Any] | None:
    stream = properties.part("StreamSpecification")
    if stream is None:
        return None
    view = stream.take("StreamViewType")
    stream.finish()
    return {"StreamEnabled": True, "StreamViewType": view}


def _encryption(properties: Properties, request: dict[str, Any]) -> None:
    encryption = properties.part("SSESpecification")
    if encryption is None:
        return
    found = {"Enabled": encryption.take("SSEEnabled", False)}
    for member in ("SSEType", "KMSMasterKeyId"):
        value = encryption.take(member)
        if value is not None:
            found[member] = value
    encryption.finish()
    request["SSESpecification"] = found


def _expiry(properties: Properties, region: str, name: str) -> list[Request]:
    expiry = properties.part("TimeToLiveSpecification")
    if expiry is None or not is_true(expiry.take("Enabled")):
        return []
    specification = {"Enabled": True, "AttributeName": expiry.take("AttributeName")}
    expiry.finish()
    wanted = {"TableName": name, "TimeToLiveSpecification": specification}
    return [Request(region, "update_time_to_live", wanted)]


def _settings(properties: Properties, region: str, name: str) -> list[Request]:
    """Point-in-time recovery and contributor insights, which each region has for itself."""
    requests = []
    recovery = properties.take("PointInTimeRecoverySpecification")
    if recovery is not None:
        wanted = {"TableName": name, "PointInTimeRecoverySpecification": recovery}
        requests.append(Request(region, "update_continuous_backups", wanted))
    insights = properties.part("ContributorInsightsSpecification")
    if insights is not None:
        requests += _insights(insights, region, {"TableName": name})
    return requests


def _index_insights(
    resource: str, request: dict[str, Any], regions: list[str], name: str
) -> list[Request]:
    """The contributor insights of indexes, which are no part of CreateTable."""
    requests = []
    indexes = []
    for place, index in enumerate(request.get("GlobalSecondaryIndexes", ())):
        part = Properties(f"{resource}.GlobalSecondaryIndexes[{place}]", index)
        insights = part.part("ContributorInsightsSpecification")
        if insights is not None:
            for region in regions:
                of = {"TableName": name, "IndexName": index.get("IndexName")}
                again = Properties(insights.resource, insights.members)
                requests += _insights(again, region, of)
        for member in part.members.keys() & REFUSED.keys():
            raise UsageError(f"{part.resource} has {member}: {REFUSED[member]}.")
        indexes.append(part.members)
    if indexes:
        request["GlobalSecondaryIndexes"] = indexes
    return requests


def _insights(insights: Properties, region: str, of: dict[str, Any]) -> list[Request]:
    enabled = is_true(insights.take("Enabled"))
    mode = insights.take("Mode")
    insights.finish()
    if not enabled:
        return []
    wanted = {**of, "ContributorInsightsAction": "ENABLE"}
    if mode is not None:
        wanted["ContributorInsightsMode"] = mode
    return [Request(region, "update_contributor_insights", wanted)]


def _declaration(
    resource: str, region: str, request: dict[str, Any], places: tuple[str, ...], more: list[Request]
) -> Declaration:
    """The declaration with every value in the type that the service model says."""
    created = typed(request, input_shape("dynamodb", "CreateTable"), resource)
    settings = []
    for one in more:
        shape = input_shape("dynamodb", _api(one.operation))
        settings.append(Request(one.region, one.operation, typed(one.parameters, shape, resource)))
    return Declaration(region, created, places, settings)


def _api(method: str) -> str:
    return "".join(part.capitalize() for part in method.split("_"))
