"""Which function answers which operation, and where it lives.

A family of operations is imported when one of them is first asked for, so that a program pays only for
what it uses.  Each module registers its own; the table below says which module that is.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from importlib import import_module
from typing import Any

from attrs import frozen

from ddbha.errors import NotImplementedOperation, ValidationException
from ddbha.region.region import Region

Request = dict[str, Any]
Response = dict[str, Any]
Operation = Callable[[Region, Request], Response]

#: The operations that each module of this package answers, by service.
FAMILIES: dict[str, dict[str, tuple[str, ...]]] = {
    "dynamodb": {
        "access.resource_policies": ("PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"),
        "data.batches": ("BatchWriteItem", "BatchGetItem"),
        "data.items": ("PutItem", "DeleteItem", "UpdateItem", "GetItem"),
        "data.queries": ("Query", "Scan"),
        "data.statements": ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"),
        "data.vector_search": ("SearchVectors",),
        "data.transactions": ("TransactWriteItems", "TransactGetItems"),
        "global_tables.legacy_global_tables": (
            "CreateGlobalTable",
            "UpdateGlobalTable",
            "DescribeGlobalTable",
            "DescribeGlobalTableSettings",
            "UpdateGlobalTableSettings",
            "ListGlobalTables",
        ),
        "recovery.backups": (
            "CreateBackup",
            "DescribeBackup",
            "ListBackups",
            "DeleteBackup",
            "RestoreTableFromBackup",
        ),
        "recovery.bulk_operations": (
            "StartBulkPutItems",
            "DescribeBulkOperation",
            "ListBulkOperations",
            "CancelBulkOperation",
        ),
        "recovery.exports": ("ExportTableToPointInTime", "DescribeExport", "ListExports"),
        "recovery.imports": ("ImportTable", "DescribeImport", "ListImports"),
        "recovery.point_in_time": (
            "UpdateContinuousBackups",
            "DescribeContinuousBackups",
            "RestoreTableToPointInTime",
        ),
        "streams.kinesis_destinations": (
            "EnableKinesisStreamingDestination",
            "DisableKinesisStreamingDestination",
            "UpdateKinesisStreamingDestination",
            "DescribeKinesisStreamingDestination",
        ),
        "tables.account": (
            "TagResource",
            "UntagResource",
            "ListTagsOfResource",
            "DescribeLimits",
            "DescribeEndpoints",
        ),
        "tables.auto_scaling_settings": (
            "UpdateTableReplicaAutoScaling",
            "DescribeTableReplicaAutoScaling",
        ),
        "tables.contributor_insights": (
            "UpdateContributorInsights",
            "DescribeContributorInsights",
            "ListContributorInsights",
        ),
        "tables.table_updates": ("UpdateTable",),
        "tables.tables": ("CreateTable", "DescribeTable", "ListTables", "DeleteTable"),
        "tables.time_to_live": ("UpdateTimeToLive", "DescribeTimeToLive"),
    },
    "application-autoscaling": {
        "tables.application_auto_scaling": (
            "RegisterScalableTarget",
            "DescribeScalableTargets",
            "DeregisterScalableTarget",
            "PutScalingPolicy",
            "DescribeScalingPolicies",
            "DeleteScalingPolicy",
            "DescribeScalingActivities",
        ),
    },
    "dynamodbstreams": {
        "streams.streams": ("ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"),
    },
}
#: Where the operations on items are.
_PACKING = "ddbha.api.data."
_HOMES = {
    (service, name): module
    for service, modules in FAMILIES.items()
    for module, names in modules.items()
    for name in names
}

_OPERATIONS: dict[tuple[str, str], Operation] = {}
_LACKS: dict[tuple[str, str], frozenset[str]] = {}


@frozen
class Caller:
    """Who asks, and where."""

    account_id: str
    region: str


def operation(
    name: str, *, service: str = "dynamodb", lacks: frozenset[str] = frozenset()
) -> Callable[[Operation], Operation]:
    """Register the function that answers an operation.

    Members that it `lacks` are refused by name rather than ignored.
    """

    def register(function: Operation) -> Operation:
        def refuse(region: Region, request: Request) -> Response:
            # An empty list or map asks for nothing.
            for member in sorted(name for name in lacks if request.get(name) not in (None, [], {})):
                raise ValidationException(f"ddbha does not implement {member} of {name} yet")
            return function(region, deepcopy(request))

        def keep(region: Region, request: Request) -> Response:
            return function(region, deepcopy(request))

        # Items are packed; what other operations keep of a request must not be the caller's.
        packs = function.__module__.startswith(_PACKING)
        _OPERATIONS[service, name] = refuse if lacks else function if packs else keep
        _LACKS[service, name] = lacks
        return function

    return register


def find(service: str, name: str) -> Operation:
    """The function that answers an operation; `NotImplementedOperation` if there is none."""
    answer = _OPERATIONS.get((service, name))
    if answer is not None:
        return answer
    if (service, name) not in _HOMES:
        raise NotImplementedOperation(service, name)
    import_module(f"ddbha.api.{_HOMES[service, name]}")
    return _OPERATIONS[service, name]


def implemented() -> dict[tuple[str, str], frozenset[str]]:
    """All (service, operation) pairs that have a function, each with the members that it lacks."""
    for service, name in _HOMES:
        find(service, name)
    return dict(_LACKS)


def names() -> frozenset[str]:
    """The names of all operations that have a function."""
    return frozenset(name for _, name in _HOMES)
