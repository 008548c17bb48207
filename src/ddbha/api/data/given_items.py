"""Items that come from files and not from requests: what PutItem asks of them is asked here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ddbha.api.data.keys import key_of_item, refuse_large_item, refuse_paths_into_keys
from ddbha.api.data.placeholders import Expressions, refuse_misplaced
from ddbha.api.wire.validation import validator
from ddbha.expressions.checks import Values
from ddbha.expressions.evaluate import Condition
from ddbha.region.table import Table
from ddbha.values.attribute import canonical_item
from ddbha.values.image import Image, pack
from ddbha.values.key import ItemKey


@frozen(eq=False)
class GivenItem:
    """An item that a table may take, and the condition under which it is to."""

    key: ItemKey
    image: Image
    condition: Condition | None
    values: Values

    @classmethod
    def of(cls, table: Table, given: Mapping[str, Any]) -> GivenItem:
        """Read the members of a PutItem but for its table; blobs may be base64 text.

        Raises the `AwsError` that PutItem would.
        """
        checked = {"TableName": table.name, **given}
        request = validator("dynamodb", "PutItem").accept(checked, typed=False)
        refuse_misplaced(request, "ConditionExpression is null")
        item, size = canonical_item(request["Item"])
        refuse_large_item(size)
        expressions = Expressions(request)
        condition = expressions.condition()
        expressions.finish()
        key = key_of_item(table, item, size)
        refuse_paths_into_keys(table, condition)
        return cls(key, pack(item, size), condition, expressions.values)
