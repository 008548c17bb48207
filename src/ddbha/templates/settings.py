"""What tables of all kinds have beside their keys: streams, encryption, and what other requests set."""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve

from ddbha.api.wire.model import input_shape
from ddbha.templates.declarations import LATEST_STREAM, Declaration, Request
from ddbha.templates.properties import Properties, is_true, typed


def stream(properties: Properties) -> dict[str, Any] | None:
    """The stream as CreateTable has it."""
    given = properties.part("StreamSpecification")
    if given is None:
        return None
    view = given.take("StreamViewType")
    given.finish()
    return {"StreamEnabled": True, "StreamViewType": view}


def encryption(properties: Properties, request: dict[str, Any]) -> None:
    """Put the encryption into a request."""
    given = properties.part("SSESpecification")
    if given is None:
        return
    found = {"Enabled": given.take("SSEEnabled", False)}
    for member in ("SSEType", "KMSMasterKeyId"):
        value = given.take(member)
        if value is not None:
            found[member] = value
    given.finish()
    request["SSESpecification"] = found


def expiry(properties: Properties, region: str, name: str) -> list[Request]:
    """Time to live."""
    given = properties.part("TimeToLiveSpecification")
    if given is None or not is_true(given.take("Enabled")):
        return []
    specification = {"Enabled": True, "AttributeName": given.take("AttributeName")}
    given.finish()
    wanted = {"TableName": name, "TimeToLiveSpecification": specification}
    return [Request(region, "update_time_to_live", wanted)]


def settings(properties: Properties, region: str, name: str) -> list[Request]:
    """Point-in-time recovery, contributor insights and Kinesis, which each region has for itself."""
    requests = []
    recovery = properties.take("PointInTimeRecoverySpecification")
    if recovery is not None:
        wanted = {"TableName": name, "PointInTimeRecoverySpecification": recovery}
        requests.append(Request(region, "update_continuous_backups", wanted))
    insights = properties.part("ContributorInsightsSpecification")
    if insights is not None:
        requests += _insights(insights, region, {"TableName": name})
    kinesis = properties.part("KinesisStreamSpecification")
    if kinesis is not None:
        wanted = {"TableName": name, "StreamArn": kinesis.take("StreamArn")}
        precision = kinesis.take("ApproximateCreationDateTimePrecision")
        if precision is not None:
            configuration = {"ApproximateCreationDateTimePrecision": precision}
            wanted["EnableKinesisStreamingConfiguration"] = configuration
        kinesis.finish()
        requests.append(Request(region, "enable_kinesis_streaming_destination", wanted))
    return requests


def stream_policy(properties: Properties, member: str, region: str) -> list[Request]:
    """The resource policy of the stream, which stands within a member; the rest of that stays."""
    given = properties.members.get(member)
    if not isinstance(given, dict) or "ResourcePolicy" not in given:
        return []
    part = Properties(f"{properties.resource}.{member}", given)
    document = policy(part)
    properties.members[member] = part.members
    return [Request(region, "put_resource_policy", {"ResourceArn": LATEST_STREAM, "Policy": document})]


def policy(properties: Properties) -> str | None:
    """The resource policy, as requests have it."""
    found = properties.part("ResourcePolicy")
    if found is None:
        return None
    document = json.dumps(found.take("PolicyDocument"))
    found.finish()
    return document


def index_insights(
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


def declaration(
    resource: str, region: str, request: dict[str, Any], places: tuple[str, ...], more: list[Request]
) -> Declaration:
    """The declaration with every value in the type that the service model says."""
    created = typed(request, input_shape("dynamodb", "CreateTable"), resource)
    return Declaration(region, created, places, [typed_request(one, resource) for one in more])


def typed_request(request: Request, resource: str) -> Request:
    """A request with every value in the type that the service model says."""
    shape = input_shape(request.service, _api(request.operation))
    return evolve(request, parameters=typed(request.parameters, shape, resource))


def _api(method: str) -> str:
    return "".join(part.capitalize() for part in method.split("_"))
