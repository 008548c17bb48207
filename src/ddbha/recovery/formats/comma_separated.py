"""CSV: one item a row; key attributes have their declared types, everything else is a string.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from sys import maxsize
from typing import Any

from ddbha.recovery.formats import MalformedFile, MalformedItem


def read_records(
    data: bytes, types: Mapping[str, str], delimiter: str = ",", header: Sequence[str] | None = None
) -> Iterator[dict[str, Any] | MalformedItem]:
    """The `Item` of each row, or a `MalformedItem` for rows of another length than the header.

    Without `header` the first row is it.  `types` are those of the key attributes; binary ones stay
    base64 text.  Raises `MalformedFile` where the text is no CSV.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedFile("no UTF-8") from error
    csv.field_size_limit(min(maxsize, 2**31 - 1))
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names = header
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise MalformedFile(f"no CSV: {error}") from error
        if not row:
            continue
        if names is None:
            names = row
        elif len(row) != len(names):
            yield MalformedItem(f"a row has {len(row)} columns, not {len(names)}")
        else:
            columns = zip(names, row, strict=True)
            yield {"Item": {name: {types.get(name, "S"): text} for name, text in columns if text}}
