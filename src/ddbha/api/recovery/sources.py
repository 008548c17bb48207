"""The objects that imports and bulk operations read, and the records in them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ddbha.errors import ValidationException
from ddbha.recovery.formats import MalformedItem, comma_separated, compression, dynamodb_json, ion
from ddbha.recovery.objects import ObjectError
from ddbha.region.region import Region
from ddbha.region.table import Table


def require(form: str, kind: str) -> None:
    """Raise `UsageError` if a format, or a kind of compression, cannot be read here."""
    compression.require(kind)
    if form == "ION":
        ion.require()


def unpacked(region: Region, data: bytes, kind: str) -> bytes:
    """What an object holds; `MalformedFile` if it is not packed so, `ObjectError` if it is too much."""
    limit = region.environment.settings.import_limit
    try:
        return compression.decompressed(data, kind, limit)
    except compression.TooLarge:
        raise ObjectError(
            "ObjectTooLarge",
            f"An object unpacks to more than {limit:.0f} bytes; if it is yours, allow more with "
            "World(import_limit=...).",
        ) from None


def records(
    content: bytes, form: str, table: Table, csv: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any] | MalformedItem]:
    """What a file has in it, each with an `Item`; `MalformedFile` where it cannot be read any further."""
    if form == "DYNAMODB_JSON":
        return dynamodb_json.read_records(content)
    if form == "ION":
        return ion.read_records(content)
    options = csv or {}
    delimiter, header = options.get("Delimiter", ","), options.get("HeaderList")
    return comma_separated.read_records(content, table.attribute_types, delimiter, header)


def refuse_key_without_kms(request: Mapping[str, Any]) -> None:
    """Raise `ValidationException` for the id of a key that encrypts nothing."""
    if "S3SseKmsKeyId" in request and request.get("S3SseAlgorithm") != "KMS":
        raise ValidationException("Invalid Request: KMS Key Id is not supported for this encryption type")
