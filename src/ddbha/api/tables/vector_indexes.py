"""Definitions of vector indexes in requests.

The messages are recorded answers of DynamoDB, from the dynamodb-conformance suite of dynoxide.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_VectorIndex.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ddbha.api.definitions.projections import INVALID, projection
from ddbha.errors import ValidationException
from ddbha.followers.vector_indexes import VectorIndex
from ddbha.values.key import KeyAttribute, KeySchema

MAXIMUM_VECTOR_INDEXES = 5
MAXIMUM_DIMENSIONS = 4096
MAXIMUM_INLINE_FILTERS = 18


def new_vector_index(definition: dict[str, Any], types: dict[str, str], schema: KeySchema) -> VectorIndex:
    """The vector index that a definition describes; `types` are what the request defines."""
    dimensions = definition["Dimensions"]
    if not 1 <= dimensions <= MAXIMUM_DIMENSIONS:
        raise ValidationException(
            f"{INVALID}Number of dimensions must be between 1 and {MAXIMUM_DIMENSIONS} inclusive."
        )
    vector_attribute = definition["VectorAttribute"]["AttributeName"]
    elements: list[dict[str, str]] = definition.get("SearchSchema", [])
    names = [element["AttributeName"] for element in elements]
    if not set(names) <= types.keys():
        raise ValidationException(
            f"{INVALID}One element in SearchSchema is not defined in attribute definitions"
        )
    if vector_attribute in types:
        raise ValidationException(
            f"{INVALID}Conflicting attribute definition for '{vector_attribute}'. An attribute cannot be "
            "defined in AttributeDefinitions when used as a VectorAttribute."
        )
    if len(set(names)) != len(names):
        raise ValidationException(f"{INVALID}SearchSchema contains an attribute more than once")
    by_type: dict[str, list[KeyAttribute]] = {"HASH": [], "INLINE_FILTER": []}
    for element in elements:
        name = element["AttributeName"]
        by_type[element["SearchSchemaElementType"]].append(KeyAttribute(name, types[name]))
    partition, filters = by_type["HASH"], by_type["INLINE_FILTER"]
    if len(partition) > 1:
        raise ValidationException(f"{INVALID}SearchSchema can have at most one HASH element")
    if len(filters) > MAXIMUM_INLINE_FILTERS:
        raise ValidationException(
            f"{INVALID}SearchSchema can have at most {MAXIMUM_INLINE_FILTERS} INLINE_FILTER elements"
        )
    return VectorIndex(
        definition["IndexName"],
        vector_attribute,
        dimensions,
        definition["DistanceFunction"],
        projection(definition),
        schema,
        partition[0] if partition else None,
        tuple(filters),
    )


def refuse_vector_indexes(indexes: Sequence[VectorIndex], billing_mode: str) -> None:
    """Raise `ValidationException` for vector indexes that one table cannot have together."""
    if indexes and billing_mode != "PAY_PER_REQUEST":
        raise ValidationException(
            f"{INVALID}Vector indexes are only supported for PAY_PER_REQUEST tables"
        )
    if len(indexes) > MAXIMUM_VECTOR_INDEXES:
        raise ValidationException(
            f"{INVALID}VectorIndex count exceeds the per-table limit of {MAXIMUM_VECTOR_INDEXES}"
        )
    dimensions: dict[str, int] = {}
    for index in indexes:
        name = index.vector_attribute
        if dimensions.setdefault(name, index.dimensions) != index.dimensions:
            raise ValidationException(
                f"{INVALID}Conflicting attribute definition for '{name}'. All VectorIndexes on the same "
                "vector attribute must use the same dimensions."
            )
