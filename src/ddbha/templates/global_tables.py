"""AWS::DynamoDB::GlobalTable, which is also what CDK's TableV2 writes: one table with its replicas.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import Factory, define

from ddbha.errors import UsageError
from ddbha.templates.capacity import Capacity, on_demand, provisioned, scaled, units
from ddbha.templates.declarations import Declaration, Request
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

#: What replicas have under the name that UpdateTable has for it.
_OF_REPLICAS = ("DeletionProtectionEnabled", "TableClass", "GlobalTableSettingsReplicationMode")


@define(eq=False)
class _Rates:
    """The throughput of the table (None) and its indexes by name, each for reads or for writes."""

    provisioned: dict[str | None, Capacity] = Factory(dict)
    on_demand: dict[str | None, dict[str, Any]] = Factory(dict)

    def take(self, index: str | None, properties: Properties, kind: str) -> None:
        """Take the settings out of the properties of the table, a replica, or an index of them."""
        capacity = provisioned(properties, kind)
        if capacity is not None:
            self.provisioned[index] = capacity
        most = on_demand(properties, kind)
        if most:
            self.on_demand[index] = most

    def over(self, others: _Rates) -> _Rates:
        """These, and those of the others where there are none."""
        return _Rates(others.provisioned | self.provisioned, others.on_demand | self.on_demand)

    def override(self, index: str | None) -> dict[str, Any]:
        """The members of a new replica, or of its index, that say its reads."""
        found: dict[str, Any] = {}
        if index in self.provisioned:
            found["ProvisionedThroughputOverride"] = {"ReadCapacityUnits": self.provisioned[index].units}
        if index in self.on_demand:
            found["OnDemandThroughputOverride"] = self.on_demand[index]
        return found


@define(eq=False)
class _Replica:
    """What a template says of one replica."""

    region: str
    reads: _Rates
    create: dict[str, Any]
    changes: dict[str, Any]
    requests: list[Request]


def global_table(properties: Properties, region: str, account: str) -> Declaration:
    """A global table whose first member is in the region of the stack."""
    resource, request = properties.resource, properties.same()
    name = request["TableName"]
    request["StreamSpecification"] = stream(properties) or {"StreamEnabled": False}
    encryption(properties, request)
    writes, reads = _Rates(), _Rates()
    indexes = _indexes(properties, request, writes, reads)
    given = {one.take("Region"): one for one in properties.parts("Replicas")}
    if region not in given:
        raise UsageError(
            f"{resource} has replicas in {sorted(map(str, given))}; one has to be in the region of the "
            f"stack, {region}: create_from(..., region=...)."
        )
    replicas = {
        place: _replica(one, place, name, account, reads, indexes) for place, one in given.items()
    }
    own, others = replicas[region], [one for place, one in replicas.items() if place != region]
    _set_rates(resource, request, own.reads, writes)
    if "KMSMasterKeyId" in own.create:
        if "SSESpecification" not in request:
            raise UsageError(f"{resource} has a key for a replica, but no SSESpecification of its own.")
        request["SSESpecification"]["KMSMasterKeyId"] = own.create["KMSMasterKeyId"]

    requests = list(_scaling(region, name, own.reads, writes))
    requests += _joined(properties, region, name, others)
    for other in others:
        requests += _scaling(other.region, name, other.reads, writes)
    requests += index_insights(resource, request, list(replicas), name)
    request.update(own.changes)
    for other in others:
        for member, value in other.changes.items():
            change = {"TableName": name, member: value}
            requests.append(Request(other.region, "update_table", change))
    for one in replicas.values():
        requests += one.requests
    requests += expiry(properties, region, name)
    properties.finish()
    places = (region, *(other.region for other in others))
    return declaration(resource, region, request, places, requests)


def _indexes(properties: Properties, request: dict[str, Any], writes: _Rates, reads: _Rates) -> list[str]:
    """The names of the global indexes, whose throughput is taken out of the request."""
    names: list[str] = []
    found = []
    writes.take(None, properties, "Write")
    reads.take(None, properties, "Read")
    for place, index in enumerate(request.get("GlobalSecondaryIndexes", ())):
        part = Properties(f"{properties.resource}.GlobalSecondaryIndexes[{place}]", index)
        names.append(str(part.members.get("IndexName")))
        writes.take(names[-1], part, "Write")
        reads.take(names[-1], part, "Read")
        found.append(part.members)
    if found:
        request["GlobalSecondaryIndexes"] = found
    return names


def _replica(
    properties: Properties, region: str, name: str, account: str, reads: _Rates, indexes: list[str]
) -> _Replica:
    own, create, requests = _Rates(), dict[str, Any](), list[Request]()
    own.take(None, properties, "Read")
    given = properties.parts("GlobalSecondaryIndexes")
    for part in given:
        index = part.members.get("IndexName")
        if index not in indexes:
            raise UsageError(f"{part.resource} is of {index}, which is no index of the table.")
        own.take(index, part, "Read")
    insights = {"GlobalSecondaryIndexes": [part.members for part in given]}
    requests += index_insights(properties.resource, insights, [region], name)
    for place, left in enumerate(insights["GlobalSecondaryIndexes"]):
        part = Properties(f"{properties.resource}.GlobalSecondaryIndexes[{place}]", left)
        part.take("IndexName")
        part.finish()
    key = properties.part("SSESpecification")
    if key is not None:
        create["KMSMasterKeyId"] = key.take("KMSMasterKeyId")
        key.finish()
    requests += settings(properties, region, name)
    requests += stream_policy(properties, "ReplicaStreamSpecification", region)
    left_of_stream = properties.part("ReplicaStreamSpecification")
    if left_of_stream is not None:
        left_of_stream.finish()
    arn = f"arn:aws:dynamodb:{region}:{account}:table/{name}"
    document = policy(properties)
    if document is not None:
        requests.append(Request(region, "put_resource_policy", {"ResourceArn": arn, "Policy": document}))
    tags = properties.take("Tags")
    if tags:
        requests.append(Request(region, "tag_resource", {"ResourceArn": arn, "Tags": tags}))
    changes = {one: properties.take(one) for one in _OF_REPLICAS if one in properties.members}
    properties.finish()
    merged = own.over(reads)
    create.update(merged.override(None))
    of_indexes = [{"IndexName": index, **merged.override(index)} for index in indexes]
    of_indexes = [one for one in of_indexes if len(one) > 1]
    if of_indexes:
        create["GlobalSecondaryIndexes"] = of_indexes
    return _Replica(region, merged, create, changes, requests)


def _set_rates(resource: str, request: dict[str, Any], reads: _Rates, writes: _Rates) -> None:
    """Put the throughput of the table and its indexes into the request that creates it."""
    definitions = [(None, resource, request)]
    definitions += [
        (index.get("IndexName"), f"{resource}.GlobalSecondaryIndexes[{place}]", index)
        for place, index in enumerate(request.get("GlobalSecondaryIndexes", ()))
    ]
    for index, where, definition in definitions:
        if request.get("BillingMode", "PROVISIONED") == "PROVISIONED":
            read, write = reads.provisioned.get(index), writes.provisioned.get(index)
            definition["ProvisionedThroughput"] = units(where, read, write)
        most = {**reads.on_demand.get(index, {}), **writes.on_demand.get(index, {})}
        if most:
            definition["OnDemandThroughput"] = most


def _scaling(region: str, name: str, reads: _Rates, writes: _Rates) -> Iterator[Request]:
    for kind, rates in (("Write", writes), ("Read", reads)):
        for index, capacity in rates.provisioned.items():
            yield from scaled(region, name, index, kind, capacity)


def _joined(properties: Properties, region: str, name: str, others: list[_Replica]) -> Iterator[Request]:
    """The requests that make a table of one region global."""
    mode = properties.take("MultiRegionConsistency", "EVENTUAL")
    witnesses = []
    for one in properties.parts("GlobalTableWitnesses"):
        witnesses.append(one.take("Region"))
        one.finish()
    updates = [{"Create": {"RegionName": other.region, **other.create}} for other in others]
    if mode == "STRONG":
        # Only all at once.
        update: dict[str, Any] = {"TableName": name, "MultiRegionConsistency": mode}
        update["ReplicaUpdates"] = updates
        if witnesses:
            update["GlobalTableWitnessUpdates"] = [
                {"Create": {"RegionName": place}} for place in witnesses
            ]
        yield Request(region, "update_table", update)
        return
    for update in updates:
        yield Request(region, "update_table", {"TableName": name, "ReplicaUpdates": [update]})
