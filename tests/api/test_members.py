"""Nothing that a request says is passed over in silence."""

from __future__ import annotations

from pathlib import Path

import ddbha
from ddbha.api.registry import implemented
from ddbha.api.wire.model import input_shape

SOURCE = "\n".join(path.read_text() for path in Path(ddbha.__file__).parent.rglob("*.py"))
#: Operations of the first version of global tables, which refuse every request.
REFUSED = {"CreateGlobalTable", "ListGlobalTables", "UpdateGlobalTableSettings"}


def test_every_member_is_read_or_refused_by_name() -> None:
    unread = [
        f"{operation}.{member}"
        for (service, operation), lacks in implemented().items()
        if service == "dynamodb" and operation not in REFUSED
        for member in getattr(input_shape(service, operation), "members", ())
        if member not in lacks and f'"{member}"' not in SOURCE
    ]
    assert unread == []
