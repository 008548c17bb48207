"""What `tests.server.valid_requests` leaves out: sequences of requests that a prepared world answers."""

from __future__ import annotations

import json
from typing import Any

from tests.api.wire.test_any_request import TABLE
from tests.server.valid_requests import VECTOR_INDEX, Prepared

Requests = list[tuple[str, dict[str, Any]]]

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
KEY = {"pk": {"S": "a"}, "sk": {"N": "1"}}
ORDERS = {"TableName": "orders"}
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
WARM = {"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000}
MOST = {"MaxReadRequestUnits": 50, "MaxWriteRequestUnits": 50}
INCLUDED = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b"]}
GLOBAL = TABLE["GlobalSecondaryIndexes"][0]
VECTOR = {**VECTOR_INDEX, "Projection": INCLUDED}
DEFINED = TABLE["AttributeDefinitions"][:2]
ENCRYPTED = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/key"}

FORBIDDING = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:PutResourcePolicy", "Resource": ARN}
    ],
}
CONFIRMED = {"ConfirmRemoveSelfResourceAccess": True}
SCALED = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/units",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
LIMITS = {
    "MinCapacity": 1,
    "MaxCapacity": 9,
    "SuspendedState": {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": True,
    },
}
PAGE = {"ServiceNamespace": "dynamodb", "MaxResults": 1}
POLICY = {
    "PolicyName": "policy",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 50.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"},
    },
}


def index_update(table: str, action: str, **members: Any) -> tuple[str, dict[str, Any]]:
    """UpdateTable with one index update."""
    return "UpdateTable", {"TableName": table, "GlobalSecondaryIndexUpdates": [{action: members}]}


def replica_update(table: str, action: str, **members: Any) -> tuple[str, dict[str, Any]]:
    """UpdateTable with one replica update."""
    return "UpdateTable", {"TableName": table, "ReplicaUpdates": [{action: members}]}


def on_demand_restore(**source: Any) -> dict[str, Any]:
    """A restore with everything overridden, as a table that is billed by request."""
    return {
        **source,
        "TargetTableName": "restored",
        "BillingModeOverride": "PAY_PER_REQUEST",
        "OnDemandThroughputOverride": MOST,
        "GlobalSecondaryIndexOverride": [{**GLOBAL, "OnDemandThroughput": MOST, "WarmThroughput": WARM}],
        "LocalSecondaryIndexOverride": TABLE["LocalSecondaryIndexes"],
        "VectorIndexOverride": [VECTOR_INDEX],
        "SSESpecificationOverride": ENCRYPTED,
    }


def provisioned_restore(**source: Any) -> dict[str, Any]:
    """A restore as a table with provisioned throughput."""
    return {
        **source,
        "TargetTableName": "restored",
        "BillingModeOverride": "PROVISIONED",
        "ProvisionedThroughputOverride": UNITS,
        "GlobalSecondaryIndexOverride": [{**GLOBAL, "ProvisionedThroughput": UNITS}],
        "VectorIndexOverride": [],
    }


def sequences(world: Prepared) -> list[Requests]:
    """Each is for a prepared world of its own."""
    select = "SELECT * FROM orders WHERE pk = 'a' AND sk = ?"
    names = {"ExpressionAttributeNames": {"#n": "b"}}
    check = {"ConditionExpression": "#n <> :v", **names, "ExpressionAttributeValues": {":v": {"S": "x"}}}
    table = {"AttributeDefinitions": DEFINED, "KeySchema": TABLE["KeySchema"]}
    one = {"Parameters": [{"N": "1"}]}
    kept = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    return [
        [
            (
                "BatchExecuteStatement",
                {"Statements": [{"Statement": select, "ConsistentRead": True, **one}]},
            ),
            (
                "BatchExecuteStatement",
                {
                    "Statements": [
                        {"Statement": "DELETE FROM orders WHERE pk = 'a' AND sk = ?", **one, **kept}
                    ]
                },
            ),
            ("BatchGetItem", {"RequestItems": {"orders": {"Keys": [KEY], "AttributesToGet": ["b"]}}}),
            (
                "ExecuteTransaction",
                {
                    "TransactStatements": [{"Statement": select, **one}],
                    "ClientRequestToken": "once",
                    "ReturnConsumedCapacity": "TOTAL",
                },
            ),
            (
                "TransactGetItems",
                {
                    "TransactItems": [
                        {"Get": {**ORDERS, "Key": KEY, "ProjectionExpression": "#n", **names}}
                    ]
                },
            ),
            (
                "TransactWriteItems",
                {
                    "TransactItems": [{"Delete": {**ORDERS, "Key": KEY, **check, **kept}}],
                    "ReturnConsumedCapacity": "TOTAL",
                    "ReturnItemCollectionMetrics": "SIZE",
                },
            ),
        ],
        [
            ("ListExports", {"MaxResults": 1}),
            (
                "ExportTableToPointInTime",
                {"TableArn": ARN, "S3Bucket": "bucket", "S3SseAlgorithm": "KMS", "S3SseKmsKeyId": "key"},
            ),
            (
                "DisableKinesisStreamingDestination",
                {**ORDERS, "StreamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/changes"},
            ),
        ],
        [
            (
                "CreateTable",
                {
                    **TABLE,
                    "TableName": "new",
                    "GlobalSecondaryIndexes": [
                        {**GLOBAL, "OnDemandThroughput": MOST, "WarmThroughput": WARM}
                    ],
                },
            )
        ],
        [("RestoreTableFromBackup", on_demand_restore(BackupArn=world.backup))],
        [("RestoreTableFromBackup", provisioned_restore(BackupArn=world.backup))],
        [
            (
                "RestoreTableToPointInTime",
                on_demand_restore(SourceTableName="orders", UseLatestRestorableTime=True),
            )
        ],
        [
            (
                "RestoreTableToPointInTime",
                provisioned_restore(SourceTableArn=ARN, UseLatestRestorableTime=True),
            )
        ],
        [
            (
                "ImportTable",
                {
                    "S3BucketSource": {"S3Bucket": "bucket", "S3BucketOwner": "123456789012"},
                    "InputFormat": "DYNAMODB_JSON",
                    "TableCreationParameters": {
                        **table,
                        "TableName": "new",
                        "BillingMode": "PROVISIONED",
                        "ProvisionedThroughput": UNITS,
                        "SSESpecification": ENCRYPTED,
                        "GlobalSecondaryIndexes": [{**GLOBAL, "ProvisionedThroughput": UNITS}],
                    },
                },
            )
        ],
        [
            (
                "ImportTable",
                {
                    "S3BucketSource": {"S3Bucket": "bucket"},
                    "InputFormat": "DYNAMODB_JSON",
                    "TableCreationParameters": {
                        **table,
                        "TableName": "new",
                        "BillingMode": "PAY_PER_REQUEST",
                        "OnDemandThroughput": MOST,
                        "GlobalSecondaryIndexes": [
                            {**GLOBAL, "OnDemandThroughput": MOST, "WarmThroughput": WARM}
                        ],
                        "VectorIndexes": [VECTOR],
                    },
                },
            )
        ],
        [
            index_update("orders", "Update", IndexName="global", OnDemandThroughput=MOST),
            index_update("orders", "Update", IndexName="global", WarmThroughput=WARM),
            ("UpdateTable", {**ORDERS, "OnDemandThroughput": MOST}),
            ("UpdateTable", {**ORDERS, "SSESpecification": ENCRYPTED}),
            ("UpdateTable", {**ORDERS, "StreamSpecification": {"StreamEnabled": False}}),
            (
                "UpdateTable",
                {**ORDERS, "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
            ),
            (
                "UpdateTable",
                {
                    **ORDERS,
                    "AttributeDefinitions": DEFINED,
                    "VectorIndexUpdates": [{"Create": {**VECTOR, "IndexName": "newer"}}],
                },
            ),
            index_update("orders", "Delete", IndexName="global"),
        ],
        [
            (
                "UpdateTable",
                {
                    "TableName": "units",
                    "AttributeDefinitions": DEFINED,
                    "GlobalSecondaryIndexUpdates": [
                        {"Create": {**GLOBAL, "IndexName": "new", "ProvisionedThroughput": UNITS}}
                    ],
                },
            )
        ],
        [
            replica_update(
                "orders",
                "Create",
                RegionName="eu-west-1",
                OnDemandThroughputOverride={"MaxReadRequestUnits": 40},
                GlobalSecondaryIndexes=[
                    {"IndexName": "global", "OnDemandThroughputOverride": {"MaxReadRequestUnits": 40}}
                ],
            ),
            replica_update(
                "orders",
                "Update",
                RegionName="eu-west-1",
                TableClassOverride="STANDARD_INFREQUENT_ACCESS",
                OnDemandThroughputOverride={"MaxReadRequestUnits": 30},
                GlobalSecondaryIndexes=[
                    {"IndexName": "global", "OnDemandThroughputOverride": {"MaxReadRequestUnits": 30}}
                ],
            ),
            replica_update("orders", "Delete", RegionName="eu-west-1"),
        ],
        [
            *(one for one in world.requests() if one[0] == "UpdateTableReplicaAutoScaling"),
            replica_update(
                "shared",
                "Create",
                RegionName="eu-west-1",
                ProvisionedThroughputOverride={"ReadCapacityUnits": 6},
                GlobalSecondaryIndexes=[
                    {"IndexName": "global", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 6}}
                ],
            ),
            replica_update(
                "shared",
                "Update",
                RegionName="us-east-2",
                ProvisionedThroughputOverride={"ReadCapacityUnits": 7},
                GlobalSecondaryIndexes=[
                    {"IndexName": "global", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 7}}
                ],
            ),
            ("UpdateTable", {"TableName": "shared", "DisassociationProtectionEnabled": False}),
            replica_update(
                "shared",
                "Disassociate",
                RegionName="us-east-1",
                DisassociationMode="WAIT_FOR_REPLICATION",
            ),
        ],
        [
            ("CreateTable", {**table, "TableName": "strong", "BillingMode": "PAY_PER_REQUEST"}),
            (
                "UpdateTable",
                {
                    "TableName": "strong",
                    "MultiRegionConsistency": "STRONG",
                    "ReplicaUpdates": [{"Create": {"RegionName": "us-east-2"}}],
                    "GlobalTableWitnessUpdates": [{"Create": {"RegionName": "us-west-2"}}],
                },
            ),
            (
                "UpdateTable",
                {
                    "TableName": "strong",
                    "ReplicaUpdates": [{"Delete": {"RegionName": "us-east-2"}}],
                    "GlobalTableWitnessUpdates": [{"Delete": {"RegionName": "us-west-2"}}],
                },
            ),
        ],
        [
            (
                "DynamoDBStreams_20120810.GetShardIterator",
                {
                    "StreamArn": world.stream,
                    "ShardId": world.shard,
                    "ShardIteratorType": "AT_TIMESTAMP",
                    "Timestamp": 1767225600.5,
                },
            ),
            ("PutResourcePolicy", {"ResourceArn": ARN, "Policy": json.dumps(FORBIDDING), **CONFIRMED}),
        ],
        [
            ("AnyScaleFrontendService.RegisterScalableTarget", {**SCALED, **LIMITS}),
            ("AnyScaleFrontendService.PutScalingPolicy", {**SCALED, **POLICY}),
            ("AnyScaleFrontendService.DescribeScalableTargets", {**PAGE, "ResourceIds": ["table/units"]}),
            ("AnyScaleFrontendService.DescribeScalingPolicies", {**PAGE, "PolicyNames": ["policy"]}),
            ("AnyScaleFrontendService.DescribeScalingActivities", {**PAGE, "ResourceId": "table/units"}),
            ("AnyScaleFrontendService.DeleteScalingPolicy", {**SCALED, "PolicyName": "policy"}),
            ("AnyScaleFrontendService.DeregisterScalableTarget", SCALED),
        ],
    ]
