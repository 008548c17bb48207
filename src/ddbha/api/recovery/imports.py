"""ImportTable, DescribeImport and ListImports.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.HowItWorks.html
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from ddbha.api.data.given_items import GivenItem
from ddbha.api.definitions.table_building import once_led
from ddbha.api.paging import LARGEST_PAGE, page_of
from ddbha.api.recovery.sources import records, require, unpacked
from ddbha.api.registry import Request, Response, operation
from ddbha.api.tables.table_definition import read_definition
from ddbha.errors import (
    AwsError,
    ImportConflictException,
    ImportNotFoundException,
    LimitExceededException,
    ValidationException,
)
from ddbha.observe.events import event_kind
from ddbha.recovery.formats import MalformedFile, MalformedItem
from ddbha.recovery.objects import Bucketed, ObjectError
from ddbha.recovery.transfer import Import, imports_of, of_table, of_token, transfer_arn
from ddbha.region.region import Region, utc
from ddbha.region.table import Table
from ddbha.values.image import Image
from ddbha.values.key import ItemKey

#: Imports that an account can have going on at once in a region.
MAXIMUM_IMPORTS = 50
_BAD_ITEMS = (
    "ItemValidationError",
    "Some of the items failed validation checks and were not imported. Please check CloudWatch error "
    "logs for more details.",
)


@operation("ImportTable")
def import_table(region: Region, request: Request) -> Response:
    """A new table, CREATING meanwhile, with the items of all objects whose keys begin with a prefix."""
    now = region.now()
    asked = deepcopy({name: value for name, value in request.items() if name != "ClientToken"})
    known = of_token(imports_of(region).values(), request.get("ClientToken"), now)
    if known is not None:
        if known.request != asked:
            raise ImportConflictException(
                "Import conflict: Duplicate request detected with conflicting parameters"
            )
        return {"ImportTableDescription": _description(known)}
    if "InputFormatOptions" in request and request["InputFormat"] != "CSV":
        raise ValidationException(
            "One or more parameter values were invalid: InputFormatOptions can only be specified for CSV"
        )
    definition = read_definition(region, request["TableCreationParameters"])
    if sum(each.status == "IN_PROGRESS" for each in imports_of(region).values()) >= MAXIMUM_IMPORTS:
        raise LimitExceededException(
            f"Subscriber limit exceeded: Too many imports in progress, at most {MAXIMUM_IMPORTS}"
        )
    require(request["InputFormat"], request.get("InputCompressionType", "NONE"))

    table = definition.build(region)
    suffix = region.environment.random.getrandbits(32)
    arn = transfer_arn(table.arn, "import", now, suffix, imports_of(region))
    imported = Import(arn, table.arn, table.id, now, asked, request.get("ClientToken"))
    failure: ObjectError | None = None
    try:
        table.load(_images(region, table, imported))
    except ObjectError as error:
        failure = error
    region.tables[table.name] = table
    imports_of(region)[arn] = imported
    response = {"ImportTableDescription": _description(imported)}
    region.record("import-began", table=table.name, **{"import": arn})
    seconds = region.environment.timings.import_table

    def finish() -> None:
        if failure is None:
            once_led(region, table, lambda: _finish(region, table, imported))
        else:
            # Nothing could be read, so there is nothing to make a table of.
            del region.tables[table.name]
            imported.fail(region.now(), failure.code, failure.message)
            _record_end(region, imported, table)

    region.later(seconds, finish)
    return response


@operation("DescribeImport")
def describe_import(region: Region, request: Request) -> Response:
    """What was asked for, and how far it is."""
    arn = request["ImportArn"]
    known = imports_of(region).get(arn)
    if known is None:
        raise ImportNotFoundException(f"Import not found: {arn}")
    return {"ImportTableDescription": _description(known)}


@operation("ListImports")
def list_imports(region: Region, request: Request) -> Response:
    """The imports of the last 90 days, by ARN, the newest of a table first."""
    found = of_table(imports_of(region), request.get("TableArn"))
    page, token = page_of(region, found, request.get("NextToken"), request.get("PageSize", LARGEST_PAGE))
    summaries = [_summary(each) for each in page]
    return {"ImportSummaryList": summaries, **({} if token is None else {"NextToken": token})}


def _images(region: Region, table: Table, imported: Import) -> Iterator[tuple[ItemKey, Image]]:
    """The good items of all objects, counted; raises `ObjectError`."""
    asked = imported.request
    source, form = asked["S3BucketSource"], asked["InputFormat"]
    kind, csv = asked.get("InputCompressionType", "NONE"), asked.get("InputFormatOptions", {}).get("Csv")
    objects = region.environment.parts.the(Bucketed).store
    for _, data in objects.read(source["S3Bucket"], source.get("S3KeyPrefix", "")):
        try:
            content = unpacked(region, data, kind)
            imported.processed_size += len(content)
            for record in records(content, form, table, csv):
                imported.processed_items += 1
                try:
                    if isinstance(record, MalformedItem):
                        raise record
                    item = GivenItem.of(table, {"Item": record["Item"]})
                except (AwsError, MalformedItem):
                    imported.errors += 1
                else:
                    imported.imported_items += 1
                    yield item.key, item.image
        except MalformedFile:
            # The rest of the object is not looked at.
            imported.errors += 1


def _finish(region: Region, table: Table, imported: Import) -> None:
    now = region.now()
    table.status, table.active_since = "ACTIVE", now
    region.record("table-active", table=table.name)
    if imported.errors:
        imported.fail(now, *_BAD_ITEMS)
    else:
        imported.complete(now)
    _record_end(region, imported, table)


def _record_end(region: Region, imported: Import, table: Table) -> None:
    region.record(
        event_kind(f"import-{imported.status.lower()}"), table=table.name, **{"import": imported.arn}
    )


def _log_group(imported: Import) -> str:
    region, account = imported.table_arn.split(":")[3:5]
    return f"arn:aws:logs:{region}:{account}:log-group:/aws-dynamodb/imports:*"


def _summary(imported: Import) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ImportArn": imported.arn,
        "ImportStatus": imported.status,
        "TableArn": imported.table_arn,
        "S3BucketSource": dict(imported.request["S3BucketSource"]),
        "CloudWatchLogGroupArn": _log_group(imported),
        "InputFormat": imported.request["InputFormat"],
        "StartTime": utc(imported.started),
    }
    if imported.ended is not None:
        shown["EndTime"] = utc(imported.ended)
    return shown


def _description(imported: Import) -> dict[str, Any]:
    asked = deepcopy(imported.request)
    done = imported.ended is not None
    shown = {
        **_summary(imported),
        "TableId": imported.table_id,
        "TableCreationParameters": asked["TableCreationParameters"],
        "InputCompressionType": asked.get("InputCompressionType", "NONE"),
        "ErrorCount": imported.errors if done else 0,
        "ProcessedSizeBytes": imported.processed_size if done else 0,
        "ProcessedItemCount": imported.processed_items if done else 0,
        "ImportedItemCount": imported.imported_items if done else 0,
    }
    if "InputFormatOptions" in asked:
        shown["InputFormatOptions"] = asked["InputFormatOptions"]
    if imported.token is not None:
        shown["ClientToken"] = imported.token
    if imported.failure_code is not None:
        shown["FailureCode"] = imported.failure_code
        shown["FailureMessage"] = imported.failure_message
    return shown
