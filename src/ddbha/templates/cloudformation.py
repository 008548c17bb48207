"""Tables from CloudFormation and SAM templates.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-simpletable.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ddbha.api.wire.model import input_shape
from ddbha.boto.clients import client
from ddbha.engine import Engine
from ddbha.errors import UsageError
from ddbha.templates.declarations import Declaration, Request, create, described, replication
from ddbha.templates.values import Values, parameter_values, read

_TABLE, _GLOBAL_TABLE = "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"
_SIMPLE_TABLE = "AWS::Serverless::SimpleTable"
#: What may stand beside the properties of a resource; none of it makes another table.
_RESOURCE_MEMBERS = frozenset(
    {"Type", "Properties", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"}
)
#: Properties that create_from knows of and does not take, with the reason.
_REFUSED = {
    "KinesisStreamSpecification": "enable the stream with enable_kinesis_streaming_destination",
    "ImportSourceSpecification": "call import_table, or load items with world.load_items",
    "WriteProvisionedThroughputSettings": "global tables of templates are on demand (PAY_PER_REQUEST)",
    "ReadProvisionedThroughputSettings": "global tables of templates are on demand (PAY_PER_REQUEST)",
    "WriteOnDemandThroughputSettings": "call update_table with OnDemandThroughput",
    "ReadOnDemandThroughputSettings": "call update_table with ReplicaUpdates",
}
#: Properties that are members of CreateTable as well.
_SAME = (
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "WarmThroughput",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "DeletionProtectionEnabled",
    "TableClass",
    "Tags",
)


def create_from(
    engine: Engine,
    template: Mapping[str, Any] | list[Any] | str | PathLike[str],
    *,
    region: str = "us-east-1",
    parameters: Mapping[str, Any] | None = None,
) -> list[str]:
    """As `World.create_from`."""
    read_template = read(template)
    if isinstance(read_template, list):
        declarations = [_described(one, region) for one in read_template]
    elif not isinstance(read_template, Mapping):
        raise UsageError(f"A template is an object with Resources, not {read_template!r}.")
    elif "Resources" in read_template:
        declarations = _resources(read_template, engine.account_id, region, parameters or {})
    else:
        declarations = [_described(read_template, region)]
    account = engine.account_id
    clients: dict[str, Any] = {}

    def client_in(place: str) -> Any:
        if place not in clients:
            clients[place] = client(engine, "dynamodb", region_name=place, account_id=account)
        return clients[place]

    create(client_in, declarations)
    return [declaration.name for declaration in declarations]


def _described(table: Any, region: str) -> Declaration:
    if not isinstance(table, Mapping):
        raise UsageError(f"A table is declared by an object, not by {table!r}.")
    return described(dict(table), region)


def _resources(
    template: Mapping[str, Any], account: str, region: str, given: Mapping[str, Any]
) -> list[Declaration]:
    pseudo = {
        "AWS::Region": region,
        "AWS::AccountId": account,
        "AWS::StackName": "stack",
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
    }
    declared = template.get("Parameters") or {}
    known = parameter_values(declared, given, pseudo)
    values = Values(known, frozenset(declared))
    tables = {name: one for name, one in template["Resources"].items() if _is_table(name, one)}
    if not tables:
        raise UsageError(f"The template has no {_TABLE}, {_GLOBAL_TABLE} or {_SIMPLE_TABLE}.")
    shared = (template.get("Globals") or {}).get("SimpleTable") or {}
    raw = {}
    for logical, resource in tables.items():
        unknown = sorted(resource.keys() - _RESOURCE_MEMBERS)
        if unknown:
            raise UsageError(
                f"{logical} has {', '.join(unknown)}, which create_from does not follow. Give it a "
                "template with only the tables that shall be there."
            )
        properties = resource.get("Properties") or {}
        raw[logical] = {**shared, **properties} if resource["Type"] == _SIMPLE_TABLE else properties
    # Names first: other tables may refer to them.
    names = {
        logical: values.of(properties.get("TableName", f"{known['AWS::StackName']}-{logical}"), logical)
        for logical, properties in raw.items()
    }
    known.update(names)
    declarations = []
    for logical, properties in raw.items():
        found = values.of({**properties, "TableName": names[logical]}, logical)
        kind = _KINDS[tables[logical]["Type"]]
        declarations.append(kind(_Properties(logical, found), region, account))
    return declarations


def _is_table(name: str, resource: Any) -> bool:
    if name.startswith("Fn::") or not isinstance(resource, Mapping):
        raise UsageError(f"{name} is no resource that create_from can follow.")
    return resource.get("Type") in _KINDS


class _Properties:
    """The properties of one resource; each is taken once, and what is left at the end is refused."""

    def __init__(self, resource: str, members: Mapping[str, Any]) -> None:
        if not isinstance(members, Mapping):
            raise UsageError(f"{resource} should be an object, and is {members!r}.")
        self.resource = resource
        self.members = dict(members)

    def take(self, name: str, default: Any = None) -> Any:
        return self.members.pop(name, default)

    def part(self, name: str) -> _Properties | None:
        """An object among the properties, if it is there."""
        found = self.take(name)
        return None if found is None else _Properties(f"{self.resource}.{name}", found)

    def parts(self, name: str) -> list[_Properties]:
        """A list of objects among the properties."""
        found = self.take(name, [])
        if not isinstance(found, list):
            raise UsageError(f"{self.resource}.{name} should be a list, and is {found!r}.")
        return [_Properties(f"{self.resource}.{name}[{place}]", one) for place, one in enumerate(found)]

    def same(self) -> dict[str, Any]:
        return {name: self.take(name) for name in _SAME if name in self.members}

    def finish(self) -> None:
        for name in sorted(self.members):
            reason = _REFUSED.get(name, "it is no property that create_from knows")
            raise UsageError(f"{self.resource} has {name}, which create_from does not take: {reason}.")


def _table(properties: _Properties, region: str, account: str) -> Declaration:
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


def _global_table(properties: _Properties, region: str, account: str) -> Declaration:
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


def _simple_table(properties: _Properties, region: str, account: str) -> Declaration:
    key = properties.part("PrimaryKey") or _Properties(properties.resource, {})
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


_KINDS: dict[str, Callable[[_Properties, str, str], Declaration]] = {
    _TABLE: _table,
    _GLOBAL_TABLE: _global_table,
    _SIMPLE_TABLE: _simple_table,
}


def _stream(properties: _Properties) -> dict[str, Any] | None:
    stream = properties.part("StreamSpecification")
    if stream is None:
        return None
    view = stream.take("StreamViewType")
    stream.finish()
    return {"StreamEnabled": True, "StreamViewType": view}


def _encryption(properties: _Properties, request: dict[str, Any]) -> None:
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


def _expiry(properties: _Properties, region: str, name: str) -> list[Request]:
    expiry = properties.part("TimeToLiveSpecification")
    if expiry is None or not _is_true(expiry.take("Enabled")):
        return []
    specification = {"Enabled": True, "AttributeName": expiry.take("AttributeName")}
    expiry.finish()
    wanted = {"TableName": name, "TimeToLiveSpecification": specification}
    return [Request(region, "update_time_to_live", wanted)]


def _settings(properties: _Properties, region: str, name: str) -> list[Request]:
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
        part = _Properties(f"{resource}.GlobalSecondaryIndexes[{place}]", index)
        insights = part.part("ContributorInsightsSpecification")
        if insights is not None:
            for region in regions:
                of = {"TableName": name, "IndexName": index.get("IndexName")}
                again = _Properties(insights.resource, insights.members)
                requests += _insights(again, region, of)
        for member in part.members.keys() & _REFUSED.keys():
            raise UsageError(f"{part.resource} has {member}: {_REFUSED[member]}.")
        indexes.append(part.members)
    if indexes:
        request["GlobalSecondaryIndexes"] = indexes
    return requests


def _insights(insights: _Properties, region: str, of: dict[str, Any]) -> list[Request]:
    enabled = _is_true(insights.take("Enabled"))
    mode = insights.take("Mode")
    insights.finish()
    if not enabled:
        return []
    wanted = {**of, "ContributorInsightsAction": "ENABLE"}
    if mode is not None:
        wanted["ContributorInsightsMode"] = mode
    return [Request(region, "update_contributor_insights", wanted)]


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


# -- Properties as members of requests ----------------------------------------------------------------


def _declaration(
    resource: str, region: str, request: dict[str, Any], places: tuple[str, ...], more: list[Request]
) -> Declaration:
    """The declaration with every value in the type that the service model says."""
    created = _typed(request, input_shape("dynamodb", "CreateTable"), resource)
    typed = []
    for one in more:
        shape = input_shape("dynamodb", _api(one.operation))
        typed.append(Request(one.region, one.operation, _typed(one.parameters, shape, resource)))
    return Declaration(region, created, places, typed)


def _api(method: str) -> str:
    return "".join(part.capitalize() for part in method.split("_"))


def _typed(value: Any, shape: Shape | None, place: str) -> Any:
    """A template's value, in which all scalars may be text, as the service model wants it."""
    if isinstance(shape, StructureShape):
        if not isinstance(value, Mapping):
            raise UsageError(f"{place} should be an object, and is {value!r}.")
        unknown = sorted(value.keys() - shape.members.keys())
        if unknown:
            raise UsageError(f"{place} has {', '.join(unknown)}, which is no property there.")
        return {name: _typed(one, shape.members[name], f"{place}.{name}") for name, one in value.items()}
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            raise UsageError(f"{place} should be a list, and is {value!r}.")
        return [_typed(one, shape.member, f"{place}[{number}]") for number, one in enumerate(value)]
    if shape is None or isinstance(shape, MapShape):
        return value
    if shape.type_name == "string":
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, (int, float)):
            return str(value)
    elif shape.type_name in ("integer", "long"):
        if isinstance(value, str) and value.strip().lstrip("-").isdigit():
            return int(value)
    elif shape.type_name == "boolean" and str(value).lower() in ("true", "false"):
        return _is_true(value)
    if isinstance(value, (Mapping, list)):
        raise UsageError(f"{place} should be a {shape.type_name}, and is {value!r}.")
    return value
