"""What a bulk operation says in its bucket: the records that it did not write, and a manifest.

AWS names the two kinds of output and describes what each tells; where the files lie and what their
members are called is chosen here.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Output.html
"""

from __future__ import annotations

import json
from typing import Any

from attrs import define, field

from ddbha.recovery import layout
from ddbha.recovery.formats import dynamodb_json
from ddbha.recovery.objects import ObjectStore
from ddbha.recovery.transfer import BulkPut
from ddbha.values.attribute import Item

ERROR, UNMET = "ERROR", "CONDITION_CHECK_FAILURE"


@define(eq=False)
class BulkReport:
    """Lines for each kind of output that was asked for, until they are put into the bucket at the end."""

    operation: BulkPut
    _lines: dict[str, list[str]] = field(init=False)

    @_lines.default
    def _wanted(self) -> dict[str, list[str]]:
        return {kind: [] for kind in sorted(set(self._configuration["OutputType"]))}

    @property
    def _configuration(self) -> dict[str, Any]:
        configuration: dict[str, Any] = self.operation.request["OutputS3Configuration"]
        return configuration

    @property
    def _folder(self) -> str:
        return layout.folder(self._configuration.get("S3KeyPrefix", ""), self.operation.arn)

    def begin(self, store: ObjectStore) -> None:
        """Raise `ObjectError` if the bucket cannot be written to."""
        layout.put_started(store, self._configuration["S3Bucket"], self._folder)

    def error(self, key: str, number: int | None, code: str, message: str, item: Any = None) -> None:
        """A record, or the rest of an object, could not be used; records count from 1."""
        entry: dict[str, Any] = {"InputKey": key}
        if number is not None:
            entry["RecordNumber"] = number
        entry.update(ErrorCode=code, ErrorMessage=message)
        try:
            self._add(ERROR, entry if item is None else {**entry, "Item": item})
        except RecursionError:
            # So deep that it could just be read.
            self._add(ERROR, entry)

    def unmet(self, key: str, number: int, item: Item, existing: Item | None) -> None:
        """The condition of a record does not hold."""
        entry: dict[str, Any] = {"InputKey": key, "RecordNumber": number, "Item": item}
        if existing is not None:
            entry["ExistingItem"] = existing
        self._add(UNMET, entry)

    def _add(self, kind: str, entry: dict[str, Any]) -> None:
        if kind in self._lines:
            self._lines[kind].append(dynamodb_json.dumps(entry) + "\n")

    def write(self, store: ObjectStore) -> None:
        """Put the files, the manifest last, of an operation that has ended.  Raises `ObjectError`."""
        operation, bucket = self.operation, self._configuration["S3Bucket"]
        assert operation.ended is not None, "a report is of what has ended"
        files = []
        for kind, lines in self._lines.items():
            if lines:
                key = f"{self._folder}/{kind}.json"
                store.put(bucket, key, "".join(lines).encode())
                files.append({"outputType": kind, "s3Key": key, "itemCount": len(lines)})
        manifest = {
            "bulkOperationArn": operation.arn,
            "bulkOperationStatus": operation.status,
            "tableArn": operation.table_arn,
            "tableId": operation.table_id,
            "startTime": layout.timestamp(operation.started),
            "endTime": layout.timestamp(operation.ended),
            "processedItemCount": operation.processed_items,
            "failedItemCount": operation.errors,
            "conditionCheckFailureCount": operation.unmet_conditions,
            "outputFiles": files,
        }
        data = json.dumps(manifest, separators=(",", ":")).encode()
        layout.put_with_checksum(store, bucket, f"{self._folder}/manifest", data)
