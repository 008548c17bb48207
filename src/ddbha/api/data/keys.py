"""Checks of key attributes in requests.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.OnlineOps.ViolationDetection.html
"""

from __future__ import annotations

from ddbha.api.data.vectors import check_vectors
from ddbha.errors import ValidationException
from ddbha.expressions.evaluate import Condition
from ddbha.expressions.projection import Projection
from ddbha.expressions.update import Update
from ddbha.followers.secondary_indexes import GlobalIndex, SecondaryIndex
from ddbha.region.table import Table
from ddbha.values.attribute import ITEM_TOO_LARGE, AttributeValue, Item, canonical_item, kind_of, type_of
from ddbha.values.key import (
    MAXIMUM_PARTITION_KEY_SIZE,
    MAXIMUM_SORT_KEY_SIZE,
    ItemKey,
    KeyAttribute,
    KeySchema,
    size_over,
)

MAXIMUM_ITEM_SIZE = 400 * 1024
DUPLICATE_KEYS = "Provided list of item keys contains duplicates"
#: Characters of a key attribute that are never too many, whatever they are.
_SHORT = MAXIMUM_SORT_KEY_SIZE // 4
NO_MATCH = "The provided key element does not match the schema"


class EmptyKey(ValidationException):
    """A key attribute has an empty value: what transactions refuse before they look at their actions."""

    code = "ValidationException"


def key_of_item(table: Table, item: Item, size: int) -> ItemKey:
    """The key of a canonical item that is to be stored; `ValidationException` if it may not be."""
    check_item(table, item, size)
    return table.schema.key(item)


def check_item(table: Table, item: Item, size: int, *, updated: bool = False) -> None:
    """Raise `ValidationException` for a canonical item that the table does not take.

    `updated` says that an update made the item.
    """
    plain = True
    for attribute in table.schema.attributes:
        value = item.get(attribute.name)
        if value is None:
            raise ValidationException(
                f"One or more parameter values were invalid: Missing the key {attribute.name} in the item"
            )
        if attribute.type not in value:
            raise ValidationException(
                f"One or more parameter values were invalid: Type mismatch for key {attribute.name} "
                f"expected: {attribute.type} actual: {type_of(value)}"
            )
        plain = plain and 0 < len(value[attribute.type]) <= _SHORT
    if not plain:
        _check_contents(table, item)
    for index in (*table.local_indexes.values(), *table.global_indexes.values()):
        for attribute, most in index.schema.sizes:
            value = item.get(attribute.name)
            if value is None:
                continue
            content = value.get(attribute.type)
            if not content or size_over(content, most):
                if isinstance(index, GlobalIndex) and index.status == "CREATING":
                    # Until an index is filled it leaves such items out, those of before and new ones.
                    break
                raise _violation(index, attribute, value, most, updated)
    if table.vector_indexes:
        check_vectors(table, item)
    if size > MAXIMUM_ITEM_SIZE:
        refuse_large_item(size)


def _violation(
    index: SecondaryIndex, attribute: KeyAttribute, value: AttributeValue, most: int, updated: bool
) -> ValidationException:
    """What is wrong with a value for a key attribute of an index: its type, size, or emptiness."""
    name, kind = attribute.name, attribute.type
    if kind not in value:
        return ValidationException(
            f"One or more parameter values were invalid: Type mismatch for Index Key {name} "
            f"Expected: {kind} Actual: {type_of(value)} IndexName: {index.name}"
        )
    size = size_over(value[kind], most)
    if size:
        return ValidationException(
            f"One or more parameter values were invalid: Size limit exceeded for Index Key {name} "
            f"Actual Size: {size} bytes Max Size: {most} bytes IndexName: {index.name}"
        )
    if updated:
        return EmptyKey(
            "One or more parameter values are not valid. The update expression attempted to update a "
            "secondary index key to a value that is not supported. The AttributeValue for a key "
            f"attribute cannot contain an empty {kind_of(kind)} value."
        )
    return EmptyKey(
        "One or more parameter values are not valid. A value specified for a secondary index key is not "
        "supported. The AttributeValue for a key attribute cannot contain an empty "
        f"{kind_of(kind)} value. IndexName: {index.name}, IndexKey: {name}"
    )


def key_of_request(table: Table, key: Item) -> tuple[ItemKey, Item]:
    """The position that the `Key` member of a request names, and its canonical attributes."""
    canonical, _ = canonical_item(key)
    return key_of_canonical(table, canonical), canonical


def key_of_canonical(table: Table, canonical: Item) -> ItemKey:
    """The position of canonical key attributes; `ValidationException` if they are not the table's."""
    schema, plain = table.schema, True
    if len(canonical) != len(schema.names):
        raise ValidationException(NO_MATCH)
    for attribute in schema.attributes:
        value = canonical.get(attribute.name)
        if value is None or attribute.type not in value:
            raise ValidationException(NO_MATCH)
        plain = plain and 0 < len(value[attribute.type]) <= _SHORT
    if not plain:
        _check_contents(table, canonical)
    return schema.key(canonical)


def refuse_keys_in_filter(
    schema: KeySchema, condition: Condition | None, kind: str = "Filter Expression"
) -> None:
    """Raise `ValidationException` for a filter that names the key beside a key condition."""
    if condition is None:
        return
    for name in schema.names:
        if name in condition.attributes:
            raise ValidationException(
                f"{kind} can only contain non-primary key attributes: Primary key attribute: {name}"
            )


def refuse_paths_into_keys(table: Table, *parts: Condition | Projection | Update | None) -> None:
    """Raise `ValidationException` if an expression goes into a key attribute, which has no parts."""
    for part in parts:
        if part is None or not part.nested:
            continue
        _refuse_nested("Key", table.schema, part.nested)
        for index in (*table.local_indexes.values(), *table.global_indexes.values()):
            _refuse_nested("IndexKey", index.schema, part.nested)


def _refuse_nested(kind: str, schema: KeySchema, nested: frozenset[str]) -> None:
    for name in schema.names:
        if name in nested:
            raise ValidationException(
                "Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
                f"allowed: {kind}: {name}"
            )


def refuse_large_item(size: int) -> None:
    """Raise `ValidationException` for an item that no table takes."""
    if size > MAXIMUM_ITEM_SIZE:
        raise ValidationException(ITEM_TOO_LARGE)


def _check_contents(table: Table, item: Item) -> None:
    schema = table.schema
    for attribute in schema.attributes:
        if not item[attribute.name][attribute.type]:
            raise EmptyKey(
                "One or more parameter values are not valid. The AttributeValue for a key attribute "
                f"cannot contain an empty {kind_of(attribute.type)} value. Key: {attribute.name}"
            )
    partition, sort = schema.partition, schema.sort
    if size_over(item[partition.name][partition.type], MAXIMUM_PARTITION_KEY_SIZE):
        raise ValidationException(
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size "
            f"limit of{MAXIMUM_PARTITION_KEY_SIZE} bytes"
        )
    if sort is not None and size_over(item[sort.name][sort.type], MAXIMUM_SORT_KEY_SIZE):
        raise ValidationException(
            "One or more parameter values were invalid: Aggregated size of all range keys has exceeded "
            f"the size limit of {MAXIMUM_SORT_KEY_SIZE} bytes"
        )
