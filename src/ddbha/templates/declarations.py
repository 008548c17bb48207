"""Tables as somebody declares them, and their creation by ordinary requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attrs import Factory, frozen

from ddbha.errors import UsageError

_REQUEST_MEMBERS = (
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "VectorIndexes",
    "StreamSpecification",
    "Tags",
    "DeletionProtectionEnabled",
)
_INDEX_MEMBERS = (
    "IndexName",
    "KeySchema",
    "Projection",
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "VectorAttribute",
    "SearchSchema",
    "Dimensions",
    "DistanceFunction",
)


#: Stands in requests for the ARN of the table's stream, which nobody knows before it is made.
LATEST_STREAM = "the latest stream of the table"


@frozen
class Request:
    """A request in a region."""

    region: str
    operation: str
    parameters: dict[str, Any]
    service: str = "dynamodb"


@frozen
class Declaration:
    """A table: a request of CreateTable in `region`, and the requests that make it whole, in order.

    `places` are all regions in which it will be.
    """

    region: str
    create: dict[str, Any]
    places: tuple[str, ...]
    requests: list[Request] = Factory(list)

    @property
    def name(self) -> str:
        """The table's name."""
        name: str = self.create["TableName"]
        return name


def described(table: dict[str, Any], region: str) -> Declaration:
    """The declaration in a request of CreateTable or an answer of DescribeTable.

    Raises `UsageError` for anything else.
    """
    table = table.get("Table", table)
    if "TableName" not in table or "KeySchema" not in table:
        raise UsageError(f"A table is declared by its TableName and KeySchema, not by {sorted(table)}.")
    if "TableStatus" not in table:
        return Declaration(region, dict(table), (region,))
    request = {name: table[name] for name in _REQUEST_MEMBERS if name in table}
    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    request["BillingMode"] = mode
    request = _provisioned(request, mode)
    for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes", "VectorIndexes"):
        if kind in request:
            request[kind] = [
                _provisioned({k: index[k] for k in _INDEX_MEMBERS if k in index}, mode)
                for index in request[kind]
            ]
    if "TableClassSummary" in table:
        request["TableClass"] = table["TableClassSummary"]["TableClass"]
    if table.get("SSEDescription", {}).get("Status") == "ENABLED":
        request["SSESpecification"] = {"Enabled": True, "SSEType": "KMS"}
    others = [r["RegionName"] for r in table.get("Replicas", ()) if r["RegionName"] != region]
    name = request["TableName"]
    return Declaration(region, request, (region, *others), [*replication(region, name, others)])


def replication(region: str, name: str, others: Iterable[str]) -> Iterable[Request]:
    """The requests that add replicas, one after the other."""
    for other in others:
        updates = [{"Create": {"RegionName": other}}]
        yield Request(region, "update_table", {"TableName": name, "ReplicaUpdates": updates})


def _provisioned(description: dict[str, Any], mode: str) -> dict[str, Any]:
    """A description with its throughput as it is asked for."""
    result = dict(description)
    throughput = result.pop("ProvisionedThroughput", None)
    if throughput and mode == "PROVISIONED":
        units = ("ReadCapacityUnits", "WriteCapacityUnits")
        result["ProvisionedThroughput"] = {unit: throughput[unit] for unit in units}
    return result


def create(client_in: Callable[..., Any], declarations: Iterable[Declaration]) -> None:
    """Create tables; if a request is refused, those created before it are deleted, and its error raised.

    `client_in` gives a client in a region, of DynamoDB unless it is told another service.
    """
    created: list[Declaration] = []
    try:
        for one in declarations:
            client_in(one.region).create_table(**one.create)
            created.append(one)
            _wait(client_in, one)
            for request in one.requests:
                client = client_in(request.region, request.service)
                getattr(client, request.operation)(**_known(client_in, one, request))
                _wait(client_in, one)
    except Exception:
        for one in reversed(created):
            _delete(client_in, one)
        raise


def _known(client_in: Callable[..., Any], one: Declaration, request: Request) -> dict[str, Any]:
    """The parameters of a request about what was made by now."""
    if LATEST_STREAM not in request.parameters.values():
        return request.parameters
    table = client_in(request.region).describe_table(TableName=one.name)["Table"]
    stream = table.get("LatestStreamArn", LATEST_STREAM)
    return {k: stream if v == LATEST_STREAM else v for k, v in request.parameters.items()}


def _wait(client_in: Callable[..., Any], one: Declaration) -> None:
    for region in _present(client_in, one):
        client_in(region).get_waiter("table_exists").wait(TableName=one.name)


def _delete(client_in: Callable[..., Any], one: Declaration) -> None:
    regions = _present(client_in, one)
    for region in regions:
        client = client_in(region)
        if client.describe_table(TableName=one.name)["Table"].get("DeletionProtectionEnabled"):
            client.update_table(TableName=one.name, DeletionProtectionEnabled=False)
            client.get_waiter("table_exists").wait(TableName=one.name)
    table = client_in(one.region).describe_table(TableName=one.name)["Table"]
    if table.get("MultiRegionConsistency") == "STRONG":
        _delete_together(client_in(one.region), one, table, [r for r in regions if r != one.region])
        regions = [one.region]
    for region in reversed(regions):
        client = client_in(region)
        client.delete_table(TableName=one.name)
        client.get_waiter("table_not_exists").wait(TableName=one.name)


def _delete_together(client: Any, one: Declaration, table: dict[str, Any], others: list[str]) -> None:
    """Delete the other replicas of a strongly consistent table, and its witness: only all at once."""
    request: dict[str, Any] = {"ReplicaUpdates": [{"Delete": {"RegionName": name}} for name in others]}
    witnesses = [witness["RegionName"] for witness in table.get("GlobalTableWitnesses", ())]
    if witnesses:
        request["GlobalTableWitnessUpdates"] = [{"Delete": {"RegionName": name}} for name in witnesses]
    client.update_table(TableName=one.name, **request)
    client.get_waiter("table_exists").wait(TableName=one.name)


def _present(client_in: Callable[..., Any], one: Declaration) -> list[str]:
    """The regions in which a table is by now."""
    table = client_in(one.region).describe_table(TableName=one.name)["Table"]
    replicas = {replica["RegionName"] for replica in table.get("Replicas", ())}
    return [region for region in one.places if region == one.region or region in replicas]
