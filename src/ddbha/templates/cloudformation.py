"""Tables from CloudFormation and SAM templates.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-simpletable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from os import PathLike
from typing import Any

from ddbha.boto.clients import complete_client
from ddbha.engine import Engine
from ddbha.errors import UsageError
from ddbha.templates.conditions import Conditions
from ddbha.templates.declarations import Declaration, create, described
from ddbha.templates.properties import Properties
from ddbha.templates.references import References
from ddbha.templates.replicas import REPLICA, add_replica
from ddbha.templates.resources import GLOBAL_TABLE, KINDS, SIMPLE_TABLE, TABLE
from ddbha.templates.scaling_targets import POLICY, TARGET, add_scaling, is_of_dynamodb
from ddbha.templates.values import Values, parameter_values, read

#: Properties that tell other services who acts, and nothing of tables.
_OF_OTHERS = frozenset({"ServiceToken", "RoleARN"})
#: What stands in resources of its own and belongs to tables, in the order in which they get it.
_OTHERS = (TARGET, POLICY, REPLICA)
#: What may stand beside the properties of a resource; none of it makes another table.
_RESOURCE_MEMBERS = frozenset(
    {"Type", "Properties", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"}
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
        try:
            declarations = _resources(read_template, engine.account_id, region, parameters or {})
        except RecursionError:
            raise UsageError("A resource or a condition of the template refers to itself.") from None
    else:
        declarations = [_described(read_template, region)]
    account = engine.account_id

    @cache
    def client_in(place: str, service: str = "dynamodb") -> Any:
        return complete_client(engine, service, place, account)

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
    stack = known["AWS::StackName"]
    values.references = References(template["Resources"], account, region, stack, values.of)
    values.conditions = Conditions(template.get("Conditions") or {}, values.of)
    resources = _made(template["Resources"], values)
    tables = {name: one for name, one in resources.items() if one["Type"] in KINDS}
    if not tables:
        raise UsageError(f"The template has no {TABLE}, {GLOBAL_TABLE} or {SIMPLE_TABLE}.")
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
        raw[logical] = {**shared, **properties} if resource["Type"] == SIMPLE_TABLE else properties
    # Names first: other tables may refer to them.
    names = {
        logical: values.of(properties.get("TableName", f"{stack}-{logical}"), logical)
        for logical, properties in raw.items()
    }
    values.references.tables.update(names)
    declarations = []
    for logical, properties in raw.items():
        found = values.of({**properties, "TableName": names[logical]}, logical)
        kind = KINDS[tables[logical]["Type"]]
        declarations.append(kind(Properties(logical, found), region, account))
    _add_others(resources, values, declarations, region)
    return declarations


def _add_others(
    resources: Mapping[str, Any], values: Values, declarations: list[Declaration], region: str
) -> None:
    """Scaling and replicas; replicas may need the scaling."""
    for kind in _OTHERS:
        for logical, resource in resources.items():
            if resource.get("Type") != kind or not is_of_dynamodb(resource, resources):
                continue
            given = Properties(logical, resource.get("Properties") or {}).members
            found = values.of({k: v for k, v in given.items() if k not in _OF_OTHERS}, logical)
            properties = Properties(logical, found)
            if kind == REPLICA:
                add_replica(properties, declarations, region)
            else:
                add_scaling(kind, properties, declarations, region)


def _made(resources: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """The resources, without those of tables whose condition does not hold."""
    made = {}
    for name, resource in resources.items():
        if name.startswith("Fn::") or not isinstance(resource, Mapping):
            raise UsageError(f"{name} is no resource that create_from can follow.")
        kind = resource.get("Type")
        condition = resource.get("Condition") if kind in KINDS or kind in _OTHERS else None
        if condition is None or values.conditions.holds(condition, name):
            made[name] = {**resource, "Type": kind}
    return made
