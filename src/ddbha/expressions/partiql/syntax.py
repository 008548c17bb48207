"""PartiQL statements, and the values that are written in them."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from ddbha.errors import ValidationException
from ddbha.expressions.syntax import Action, ConditionNode, Path
from ddbha.values import number
from ddbha.values.attribute import AttributeValue, Item, canonical_value, type_of


@frozen
class Scalar:
    """A string, number, boolean or null: its descriptor and its content."""

    descriptor: str
    content: str | bool


@frozen
class Parameter:
    """A question mark: the number of the parameter it stands for, from 0."""

    position: int


@frozen
class ListOf:
    """[ ]: a list."""

    elements: tuple[Literal, ...]


@frozen
class Bag:
    """<< >>: a set of strings, numbers or binaries."""

    elements: tuple[Literal, ...]


@frozen
class MapOf:
    """{ }: a map."""

    members: tuple[tuple[str, Literal], ...]


Literal = Scalar | Parameter | ListOf | Bag | MapOf


@frozen
class Select:
    """SELECT: `paths` is None for *; each order is an attribute and whether it descends."""

    table: str
    index: str | None
    paths: tuple[Path, ...] | None
    where: ConditionNode | None
    orders: tuple[tuple[str, bool], ...]


@frozen
class Insert:
    """INSERT of one item."""

    table: str
    item: Literal


@frozen
class Update:
    """UPDATE of one item; `returning` is a value of ReturnValues."""

    table: str
    actions: tuple[Action, ...]
    where: ConditionNode | None
    returning: str


@frozen
class Delete:
    """DELETE of one item; `returning` is a value of ReturnValues."""

    table: str
    where: ConditionNode | None
    returning: str


@frozen
class Exists:
    """EXISTS: a check within a transaction."""

    select: Select


Statement = Select | Insert | Update | Delete | Exists


@frozen
class Parsed:
    """A statement, the literals behind its placeholders ?0, ?1, …, and its number of parameters."""

    statement: Statement
    literals: tuple[Literal, ...]
    parameters: int

    def values(self, parameters: Sequence[AttributeValue]) -> dict[str, AttributeValue]:
        """The value of each placeholder; `ValidationException` if the parameters are not as many."""
        if len(parameters) != self.parameters:
            raise ValidationException("Number of parameters in request and statement don't match.")
        # Also those that no placeholder stands for, in the order of the statement.
        check_parameters(parameters)
        return {
            placeholder(position): canonical_value(bound(literal, parameters))[0]
            for position, literal in enumerate(self.literals)
        }


def check_parameters(parameters: Sequence[AttributeValue]) -> None:
    """Raise `ValidationException` for the first parameter that is no value."""
    for parameter in parameters:
        canonical_value(parameter)


def placeholder(position: int) -> str:
    """The name of the value placeholder for a literal."""
    return f"?{position}"


def bound_item(literal: Literal, parameters: Sequence[AttributeValue]) -> Item:
    """The item that an INSERT holds, not yet canonical; `ValidationException` if it is no map."""
    if isinstance(literal, MapOf):
        return _members(literal, parameters, "root", of_item=True)
    value = bound(literal, parameters)
    if "M" not in value:
        raise ValidationException(
            "Unsupported format in item expression. Please use struct format {...} to express item "
            "values for insert statement."
        )
    return value["M"]  # type: ignore[no-any-return]


def bound(literal: Literal, parameters: Sequence[AttributeValue], path: str = "root") -> AttributeValue:
    """The attribute value that a literal means, not yet canonical.

    Raises `ValidationException`, with the `path` in the value as AWS has it, for impossible values.
    """
    if isinstance(literal, Scalar):
        if literal.descriptor == "N":
            try:
                number.canonical(str(literal.content))
            except ValidationException as error:
                raise ValidationException(f"{error.message} under {path}") from None
        return {literal.descriptor: literal.content}
    if isinstance(literal, Parameter):
        return parameters[literal.position]
    if isinstance(literal, MapOf):
        return {"M": _members(literal, parameters, path)}
    elements = [
        bound(element, parameters, f"{path}[{position}]")
        for position, element in enumerate(literal.elements)
    ]
    return {"L": elements} if isinstance(literal, ListOf) else _set(elements)


def _members(
    literal: MapOf, parameters: Sequence[AttributeValue], path: str, *, of_item: bool = False
) -> dict[str, AttributeValue]:
    members: dict[str, AttributeValue] = {}
    for name, member in literal.members:
        if name in members:
            raise ValidationException(f"Duplicate keys in tuple. Key: {name} under {path}")
        # The values of an item's attributes are roots of their own.
        members[name] = bound(member, parameters, path if of_item else f"{path}.{name}")
    return members


def _set(elements: list[AttributeValue]) -> AttributeValue:
    if not elements:
        raise ValidationException("Empty bags are not supported")
    kinds = {type_of(element) for element in elements}
    kind = kinds.pop() if len(kinds) == 1 else ""
    if kind not in ("S", "N", "B"):
        raise ValidationException(
            "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"
        )
    return {f"{kind}S": [element[kind] for element in elements]}
