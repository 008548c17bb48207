"""Tables that a test begins with."""

from __future__ import annotations

from typing import Any

from ddbha.templates.declarations import described


def declare(client: Any, table: dict[str, Any]) -> None:
    """Create a table from a request of CreateTable or an answer of DescribeTable.

    Raises `UsageError` for anything else.
    """
    declaration = described(table, client.meta.region_name)
    client.create_table(**declaration.create)
    client.get_waiter("table_exists").wait(TableName=declaration.name)
