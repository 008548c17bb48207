"""Checks of what items that are written hold for vector indexes.

The messages are recorded answers of DynamoDB, from the dynamodb-conformance suite of dynoxide.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearchWorkingWith.html
"""

from __future__ import annotations

from ddbha.errors import ValidationException
from ddbha.followers.vector_indexes import VectorIndex, packed
from ddbha.region.table import Table
from ddbha.values.attribute import Item, type_of

_INVALID = "One or more parameter values were invalid. Invalid"


def check_vectors(table: Table, item: Item) -> None:
    """Raise `ValidationException` for an item that a vector index of the table cannot take."""
    for index in table.vector_indexes.values():
        _check_vector(index, item)
        for attribute in index.search_attributes:
            value = item.get(attribute.name)
            if value is None:
                continue
            if attribute.type not in value:
                raise ValidationException(
                    "One or more parameter values were invalid: Type mismatch for Index Key "
                    f"{attribute.name} Expected: {attribute.type} Actual: {type_of(value)} "
                    f"IndexName: {index.name}"
                )
            if attribute is index.partition and not value[attribute.type]:
                kind = "binary" if attribute.type == "B" else "string"
                raise ValidationException(
                    "One or more parameter values are not valid. A value specified for a secondary "
                    "index key is not supported. The AttributeValue for a key attribute cannot contain "
                    f"an empty {kind} value. IndexName: {index.name}, IndexKey: {attribute.name}"
                )


def _check_vector(index: VectorIndex, item: Item) -> None:
    name = index.vector_attribute
    value = item.get(name)
    if value is None:
        return
    if "L" not in value:
        raise ValidationException(
            f"{_INVALID} type for parameter {name}, Expected: 32-bit floating point number list "
            f"IndexName: {index.name}"
        )
    elements = value["L"]
    if len(elements) != index.dimensions:
        raise ValidationException(
            f"{_INVALID} size for parameter {name}, Expected: {index.dimensions}, Actual: "
            f"{len(elements)} IndexName: {index.name}"
        )
    if all("N" in element for element in elements) and packed([e["N"] for e in elements]) is not None:
        return
    for place, element in enumerate(elements):
        if "N" not in element or packed([element["N"]]) is None:
            raise ValidationException(
                f"{_INVALID} type for parameter {name}[{place}], Expected: 32-bit floating point number, "
                f"Actual: {type_of(element)}. IndexName: {index.name}"
            )
