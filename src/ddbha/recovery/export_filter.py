"""Which items an export holds, and which of their attributes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Filtered.html
"""

from __future__ import annotations

from attrs import Factory, frozen

from ddbha.expressions.checks import Values
from ddbha.expressions.evaluate import Condition
from ddbha.expressions.projection import Projection
from ddbha.values.attribute import Item
from ddbha.values.image import Image, unpack


@frozen(eq=False)
class ExportFilter:
    """The expressions of a filtered export; without any it is the filter of all other exports."""

    values: Values = Factory(dict)
    key_condition: Condition | None = None
    condition: Condition | None = None
    projection: Projection | None = None

    def reads(self, image: Image) -> bool:
        """Whether the export looks at an item, and is billed for it: only its key decides."""
        return self.key_condition is None or self.key_condition.holds(unpack(image), self.values)

    def keeps(self, image: Image) -> bool:
        """Whether an item that was read is exported."""
        return self.condition is None or self.condition.holds(unpack(image), self.values)

    def shown(self, image: Image) -> Item:
        """What the export tells of an item."""
        item = unpack(image)
        return item if self.projection is None else self.projection.project(item)
