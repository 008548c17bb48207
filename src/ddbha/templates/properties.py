"""Properties of resources: taken one by one, and given the types that the service model says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ddbha.errors import UsageError

#: Properties that create_from knows of and does not take, with the reason.
REFUSED = {
    "ImportSourceSpecification": "call import_table, or load items with world.load_items",
    "ScheduledActions": "there are none of them; advance the clock and call update_table",
    "GlobalTableSourceArn": "make the replica in the other account with create_table",
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
    "VectorIndexes",
    "DeletionProtectionEnabled",
    "TableClass",
    "Tags",
)


class Properties:
    """The properties of one resource; each is taken once, and what is left at the end is refused."""

    def __init__(self, resource: str, members: Mapping[str, Any]) -> None:
        if not isinstance(members, Mapping):
            raise UsageError(f"{resource} should be an object, and is {members!r}.")
        self.resource = resource
        self.members = dict(members)

    def take(self, name: str, default: Any = None) -> Any:
        """A property, which nobody takes again."""
        return self.members.pop(name, default)

    def part(self, name: str) -> Properties | None:
        """An object among the properties, if it is there."""
        found = self.take(name)
        return None if found is None else Properties(f"{self.resource}.{name}", found)

    def parts(self, name: str) -> list[Properties]:
        """A list of objects among the properties."""
        found = self.take(name, [])
        if not isinstance(found, list):
            raise UsageError(f"{self.resource}.{name} should be a list, and is {found!r}.")
        return [Properties(f"{self.resource}.{name}[{place}]", one) for place, one in enumerate(found)]

    def same(self) -> dict[str, Any]:
        """Those that CreateTable has under the same name."""
        return {name: self.take(name) for name in _SAME if name in self.members}

    def finish(self) -> None:
        """Raise `UsageError` for a property that nobody took."""
        for name in sorted(self.members):
            reason = REFUSED.get(name, "it is no property that create_from knows")
            raise UsageError(f"{self.resource} has {name}, which create_from does not take: {reason}.")


def is_true(value: Any) -> bool:
    """Whether a value, which may be text, is true."""
    return value is True or str(value).lower() == "true"


def typed(value: Any, shape: Shape | None, place: str) -> Any:
    """A template's value, in which all scalars may be text, as the service model wants it."""
    if isinstance(shape, StructureShape):
        if not isinstance(value, Mapping):
            raise UsageError(f"{place} should be an object, and is {value!r}.")
        unknown = sorted(value.keys() - shape.members.keys())
        if unknown:
            raise UsageError(f"{place} has {', '.join(unknown)}, which is no property there.")
        return {name: typed(one, shape.members[name], f"{place}.{name}") for name, one in value.items()}
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            raise UsageError(f"{place} should be a list, and is {value!r}.")
        return [typed(one, shape.member, f"{place}[{number}]") for number, one in enumerate(value)]
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
        return is_true(value)
    if isinstance(value, (Mapping, list)):
        raise UsageError(f"{place} should be a {shape.type_name}, and is {value!r}.")
    return value
