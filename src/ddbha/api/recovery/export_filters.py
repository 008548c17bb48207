"""`FilterSpecification`: the expressions that say what an export holds.

They have the rules of those of Query and Scan, and the messages: none of AWS's for exports is on record.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_FilterSpecification.html
"""

from __future__ import annotations

from typing import Any

from ddbha.api.data.keys import refuse_keys_in_filter, refuse_paths_into_keys
from ddbha.api.data.placeholders import Expressions, refuse_misplaced
from ddbha.recovery.export_filter import ExportFilter
from ddbha.region.table import Table


class FilterSpecification:
    """The compiled expressions of a request; `ValidationException` if they are wrong for any table."""

    def __init__(self, specification: dict[str, Any]) -> None:
        refuse_misplaced(specification)
        expressions = Expressions(specification)
        self._key_condition = expressions.key_condition()
        self._condition = expressions.condition("FilterExpression")
        self._projection = expressions.projection()
        expressions.finish()
        if self._key_condition is not None:
            self._key_condition.require_sound()
        self._values = expressions.values

    def of(self, table: Table) -> ExportFilter:
        """The filter for a table; `ValidationException` if it does not suit the table's key."""
        key_condition = None
        if self._key_condition is not None:
            self._key_condition.bind(table.schema, self._values)
            key_condition = self._key_condition.condition
            refuse_keys_in_filter(table.schema, self._condition)
        refuse_paths_into_keys(table, self._condition, self._projection)
        return ExportFilter(self._values, key_condition, self._condition, self._projection)
