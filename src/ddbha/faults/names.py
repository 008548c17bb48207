"""The names of operations and errors, so that type checkers see which there are."""

from __future__ import annotations

from typing import Literal

# fmt: off
#: The operations that a world answers, of all its services.
OperationName = Literal[
    "BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "CancelBulkOperation",
    "CreateBackup", "CreateGlobalTable", "CreateTable", "DeleteBackup", "DeleteItem",
    "DeleteResourcePolicy", "DeleteScalingPolicy", "DeleteTable", "DeregisterScalableTarget",
    "DescribeBackup", "DescribeBulkOperation", "DescribeContinuousBackups",
    "DescribeContributorInsights", "DescribeEndpoints", "DescribeExport", "DescribeGlobalTable",
    "DescribeGlobalTableSettings", "DescribeImport", "DescribeKinesisStreamingDestination",
    "DescribeLimits", "DescribeScalableTargets", "DescribeScalingActivities",
    "DescribeScalingPolicies", "DescribeStream", "DescribeTable",
    "DescribeTableReplicaAutoScaling", "DescribeTimeToLive", "DisableKinesisStreamingDestination",
    "EnableKinesisStreamingDestination", "ExecuteStatement", "ExecuteTransaction",
    "ExportTableToPointInTime", "GetItem", "GetRecords", "GetResourcePolicy", "GetShardIterator",
    "ImportTable", "ListBackups", "ListBulkOperations", "ListContributorInsights", "ListExports",
    "ListGlobalTables", "ListImports", "ListStreams", "ListTables", "ListTagsOfResource",
    "PutItem", "PutResourcePolicy", "PutScalingPolicy", "Query", "RegisterScalableTarget",
    "RestoreTableFromBackup", "RestoreTableToPointInTime", "Scan", "SearchVectors",
    "StartBulkPutItems", "TagResource", "TransactGetItems", "TransactWriteItems", "UntagResource",
    "UpdateContinuousBackups", "UpdateContributorInsights", "UpdateGlobalTable",
    "UpdateGlobalTableSettings", "UpdateItem", "UpdateKinesisStreamingDestination", "UpdateTable",
    "UpdateTableReplicaAutoScaling", "UpdateTimeToLive",
]
#: The codes of the errors that a world can answer with.
ErrorCode = Literal[
    "AccessDeniedException", "BackupInUseException", "BackupNotFoundException",
    "ConditionalCheckFailedException", "ContinuousBackupsUnavailableException",
    "DuplicateItemException", "ExpiredIteratorException", "ExpiredTokenException",
    "ExportConflictException", "ExportNotFoundException", "GlobalTableAlreadyExistsException",
    "GlobalTableNotFoundException", "IdempotentParameterMismatchException",
    "ImportConflictException", "ImportNotFoundException", "IncompleteSignatureException",
    "IndexNotFoundException", "InternalFailure", "InternalServerError",
    "InvalidExportTimeException", "InvalidNextTokenException", "InvalidRestoreTimeException",
    "InvalidSignatureException", "ItemCollectionSizeLimitExceededException",
    "LimitExceededException", "MissingAuthenticationTokenException", "NotImplementedException",
    "ObjectNotFoundException", "PointInTimeRecoveryUnavailableException",
    "PolicyNotFoundException", "ProvisionedThroughputExceededException",
    "ReplicaAlreadyExistsException", "ReplicaNotFoundException",
    "ReplicatedWriteConflictException", "RequestLimitExceeded", "ResourceInUseException",
    "ResourceNotFoundException", "SerializationException", "ServiceUnavailable",
    "TableAlreadyExistsException", "TableInUseException", "TableNotFoundException",
    "ThrottlingException", "TransactionCanceledException", "TransactionConflictException",
    "TransactionInProgressException", "TrimmedDataAccessException", "UnknownOperationException",
    "UnrecognizedClientException", "ValidationException",
]
