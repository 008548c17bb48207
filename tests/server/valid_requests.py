"""A world with something for every operation, and requests that it would answer with success."""

from __future__ import annotations

import json
from typing import Any

from ddbha import ManualClock, World
from tests.api.wire.test_any_request import TABLE
from tests.api.wire.test_any_request import VECTOR_INDEX as ON_B
from tests.server.asking import AUTHORIZATION, call

VECTOR_INDEX = {**ON_B, "VectorAttribute": {"AttributeName": "v"}}
_KEY = {"pk": {"S": "a"}, "sk": {"N": "1"}}
_ITEM = {**_KEY, "a": {"B": "eA=="}, "b": {"L": [{"M": {"c": {"SS": ["x", "y"]}}}, {"NS": ["1", "2"]}]}}
_KINESIS = "arn:aws:kinesis:us-east-1:123456789012:stream/changes"
_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
_UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
_SCALING = {
    "MinimumUnits": 1,
    "MaximumUnits": 10,
    "AutoScalingDisabled": False,
    "ScalingPolicyUpdate": {
        "PolicyName": "policy",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0},
    },
}
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "one",
            "Effect": "Deny",
            "Principal": {"AWS": "210987654321"},
            "Action": ["dynamodb:GetItem"],
            "Resource": _ARN,
            "Condition": {"StringEquals": {"aws:PrincipalAccount": "210987654321"}},
        }
    ],
}


class Prepared:
    """A world with something for every operation, and requests that it would answer with success."""

    def __init__(self) -> None:
        self.world = World(clock=ManualClock("2026-01-01T00:00:00Z"), seed=1)
        self._ok("CreateTable", {**TABLE, "VectorIndexes": [VECTOR_INDEX]})
        self._ok("CreateTable", self.of_units("units"))
        self._share("shared")
        self._lend("lent")
        self._ok("PutItem", {"TableName": "orders", "Item": _ITEM})
        self._ok("UpdateContinuousBackups", self._recovery("orders"))
        self._ok("EnableKinesisStreamingDestination", {"TableName": "orders", "StreamArn": _KINESIS})
        self.world.clock.advance(seconds=3600)
        for n in range(3):
            self._ok("PutItem", {"TableName": "orders", "Item": {**_KEY, "sk": {"N": str(n + 2)}}})
        backup = self._ok("CreateBackup", {"TableName": "orders", "BackupName": "backup"})
        self.backup = backup["BackupDetails"]["BackupArn"]
        bucket = self.world.objects["bucket"]
        bucket["items.json"] = b'{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}\n'
        export = self._ok("ExportTableToPointInTime", {"TableArn": _ARN, "S3Bucket": "bucket"})
        self.export = export["ExportDescription"]["ExportArn"]
        imported = self._ok("ImportTable", self._import("imported"))
        self.imported = imported["ImportTableDescription"]["ImportArn"]
        bulk = self._ok("StartBulkPutItems", self._bulk("known", "imported"))
        self.bulk = bulk["BulkOperationDescription"]["BulkOperationArn"]
        # It takes its time and so can be cancelled.
        slow = {**self._bulk("slow", "units"), "MaxWriteRequestUnits": 1024}
        bulk = self._ok("StartBulkPutItems", slow)
        self.slow_bulk = bulk["BulkOperationDescription"]["BulkOperationArn"]
        table = self._ok("DescribeTable", {"TableName": "orders"})["Table"]
        self.stream = table["LatestStreamArn"]
        described = self._ok("DynamoDBStreams_20120810.DescribeStream", {"StreamArn": self.stream})
        records = []
        for shard in described["StreamDescription"]["Shards"]:
            self.shard = shard["ShardId"]
            iterator = self._ok("DynamoDBStreams_20120810.GetShardIterator", self._iterator())
            self.iterator = iterator["ShardIterator"]
            request = {"ShardIterator": self.iterator}
            records = self._ok("DynamoDBStreams_20120810.GetRecords", request)["Records"]
            if records:
                break
        self.sequence = records[0]["dynamodb"]["SequenceNumber"]
        statement = {"Statement": "SELECT * FROM orders", "Limit": 1}
        self.token = self._ok("ExecuteStatement", statement)["NextToken"]

    def _ok(self, operation: str, request: Any) -> Any:
        answer = call(self.world, operation, request)
        assert answer.status == 200, (operation, answer)
        return answer.json

    def _share(self, name: str) -> None:
        """A global table of provisioned throughput: on demand it gets its replica without scaling."""
        self._ok("CreateTable", {**TABLE, "TableName": name})
        replica = {"Create": {"RegionName": "us-east-2"}}
        self._ok("UpdateTable", {"TableName": name, "ReplicaUpdates": [replica]})
        index = TABLE["GlobalSecondaryIndexes"][0]["IndexName"]
        update = {"Update": {"IndexName": index, "ProvisionedThroughput": _UNITS}}
        billing = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": _UNITS}
        self._ok("UpdateTable", {"TableName": name, **billing, "GlobalSecondaryIndexUpdates": [update]})

    def _lend(self, name: str) -> None:
        """A table of another account, which may have a replica in this one."""
        theirs = AUTHORIZATION.replace("AKIDEXAMPLE", "111122223333").replace("us-east-1", "us-west-2")
        guest = {"Principal": {"AWS": "123456789012"}, "Action": "dynamodb:AssociateTableReplica"}
        table = {
            **TABLE,
            "TableName": name,
            "GlobalTableSettingsReplicationMode": "ENABLED",
            "ResourcePolicy": self._replicating(name, {"Effect": "Allow", **guest, "Resource": "*"}),
        }
        answer = call(self.world, "CreateTable", table, authorization=theirs)
        assert answer.status == 200, answer

    @staticmethod
    def _replicating(name: str, *more: dict[str, Any]) -> str:
        arns = [
            f"arn:aws:dynamodb:{place}:table/{name}"
            for place in ("us-west-2:111122223333", "us-east-1:123456789012")
        ]
        actions = ("ReadDataForReplication", "WriteDataForReplication", "ReplicateSettings")
        service = {
            "Effect": "Allow",
            "Principal": {"Service": "replication.dynamodb.amazonaws.com"},
            "Action": [f"dynamodb:{action}" for action in actions],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceArn": arns}},
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [service, *more]})

    def _borrowed(self, name: str) -> dict[str, Any]:
        return {
            "TableName": name,
            "GlobalTableSourceArn": f"arn:aws:dynamodb:us-west-2:111122223333:table/{name}",
            "GlobalTableSettingsReplicationMode": "ENABLED",
            "ResourcePolicy": self._replicating(name),
            "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/key"},
            "Tags": [{"Key": "k", "Value": "v"}],
            "TableClass": "STANDARD",
            "DeletionProtectionEnabled": False,
        }

    @staticmethod
    def of_units(name: str) -> dict[str, Any]:
        """A table with provisioned throughput."""
        table = {key: value for key, value in TABLE.items() if key != "BillingMode"}
        index = {**TABLE["GlobalSecondaryIndexes"][0], "ProvisionedThroughput": _UNITS}
        return {
            **table,
            "TableName": name,
            "GlobalSecondaryIndexes": [index],
            "ProvisionedThroughput": _UNITS,
            "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/key"},
            "Tags": [{"Key": "k", "Value": "v"}],
            "TableClass": "STANDARD",
            "DeletionProtectionEnabled": False,
            "ResourcePolicy": json.dumps(_POLICY).replace("orders", name),
            "WarmThroughput": {"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000},
        }

    @staticmethod
    def _recovery(name: str) -> dict[str, Any]:
        enabled = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 35}
        return {"TableName": name, "PointInTimeRecoverySpecification": enabled}

    @staticmethod
    def _global() -> dict[str, Any]:
        regions = [{"RegionName": "us-east-1"}, {"RegionName": "eu-west-1"}]
        return {"GlobalTableName": "units", "ReplicationGroup": regions}

    @staticmethod
    def _import(name: str) -> dict[str, Any]:
        definition = {k: TABLE[k] for k in ("KeySchema", "BillingMode", "GlobalSecondaryIndexes")}
        attributes = TABLE["AttributeDefinitions"][:2]
        return {
            "ClientToken": f"token-{name}",
            "S3BucketSource": {"S3Bucket": "bucket", "S3KeyPrefix": "items"},
            "InputFormat": "DYNAMODB_JSON",
            "InputCompressionType": "NONE",
            "TableCreationParameters": {
                "TableName": name,
                **definition,
                "AttributeDefinitions": attributes,
            },
        }

    @staticmethod
    def _bulk(token: str, table: str) -> dict[str, Any]:
        return {
            "ClientToken": token,
            "InputS3Configuration": {
                "S3Bucket": "bucket",
                "S3BucketOwner": "123456789012",
                "S3KeyPrefix": "items",
                "InputFormat": "DYNAMODB_JSON",
                "InputCompressionType": "NONE",
            },
            "OutputS3Configuration": {
                "S3Bucket": "bucket",
                "S3BucketOwner": "123456789012",
                "S3KeyPrefix": "reports",
                "S3SseAlgorithm": "KMS",
                "S3SseKmsKeyId": "key",
                "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"],
            },
            "TableName": table,
            "PerformanceTier": "ACCELERATED",
        }

    def _iterator(self) -> dict[str, Any]:
        return {
            "StreamArn": self.stream,
            "ShardId": self.shard,
            "ShardIteratorType": "TRIM_HORIZON",
        }

    def requests(self) -> list[tuple[str, dict[str, Any]]]:
        """Operations with requests."""
        table = {"TableName": "orders"}
        conditions = {
            "ConditionExpression": "attribute_not_exists(z) AND NOT #n[0].c IN (:v, :w) OR size(b) > :w",
            "ExpressionAttributeNames": {"#n": "b"},
            "ExpressionAttributeValues": {":v": {"S": "x"}, ":w": {"N": "1"}},
            "ReturnValues": "ALL_OLD",
            "ReturnConsumedCapacity": "INDEXES",
            "ReturnItemCollectionMetrics": "SIZE",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        legacy = {
            "Expected": {"z": {"Exists": False}, "b": {"ComparisonOperator": "NOT_NULL"}},
            "ConditionalOperator": "AND",
        }
        check = {k: conditions[k] for k in list(conditions)[:3]}
        statements = (
            'SELECT pk, b[0].c FROM orders."global" WHERE sk = 1 AND size(b) > ? ORDER BY sk DESC',
            "INSERT INTO orders VALUE {'pk': 'p', 'sk': ?, 'b': [1, <<'a'>>, {'c': TRUE}]}",
            "UPDATE orders SET b[0] = list_append(b, [?]) REMOVE z WHERE pk = 'a' AND sk = 1 "
            "RETURNING ALL NEW *",
            "DELETE FROM orders WHERE pk = 'a' AND sk = 1 AND b[0].c IS NOT MISSING",
        )
        streams = "DynamoDBStreams_20120810."
        found: list[tuple[str, dict[str, Any]]] = [
            ("PutItem", {**table, "Item": _ITEM, **conditions}),
            ("PutItem", {**table, "Item": _ITEM, **legacy}),
            ("DeleteItem", {**table, "Key": _KEY, **conditions}),
            ("DeleteItem", {**table, "Key": _KEY, **legacy}),
            (
                "UpdateItem",
                {
                    **table,
                    "Key": _KEY,
                    **conditions,
                    "UpdateExpression": "SET z = if_not_exists(z, :w) + :w, b[3] = :v REMOVE b[0].c",
                },
            ),
            (
                "UpdateItem",
                {
                    **table,
                    "Key": _KEY,
                    **legacy,
                    "AttributeUpdates": {
                        "z": {"Action": "ADD", "Value": {"N": "1"}},
                        "y": {"Action": "PUT", "Value": {"L": [{"NULL": True}]}},
                        "x": {"Action": "DELETE"},
                    },
                },
            ),
            (
                "GetItem",
                {
                    **table,
                    "Key": _KEY,
                    "ProjectionExpression": "#n[0].c, pk",
                    "ExpressionAttributeNames": {"#n": "b"},
                    "ConsistentRead": True,
                    "ReturnConsumedCapacity": "TOTAL",
                },
            ),
            ("GetItem", {**table, "Key": _KEY, "AttributesToGet": ["pk", "b"]}),
            (
                "Query",
                {
                    **table,
                    "KeyConditionExpression": "pk = :v AND sk BETWEEN :w AND :w",
                    "FilterExpression": "begins_with(c, :v) OR attribute_type(#n, :v)",
                    "ProjectionExpression": "pk, #n[0]",
                    "ExpressionAttributeNames": {"#n": "b"},
                    "ExpressionAttributeValues": {":v": {"S": "S"}, ":w": {"N": "1"}},
                    "Limit": 10,
                    "ScanIndexForward": False,
                    "ExclusiveStartKey": {"pk": {"S": "S"}, "sk": {"N": "1"}},
                    "Select": "SPECIFIC_ATTRIBUTES",
                },
            ),
            (
                "Query",
                {
                    **table,
                    "IndexName": "local",
                    "KeyConditions": {
                        "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]},
                        "a": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": [{"B": "eA=="}]},
                    },
                    "QueryFilter": {
                        "z": {"ComparisonOperator": "IN", "AttributeValueList": [{"N": "1"}, {"N": "2"}]},
                        "y": {"ComparisonOperator": "NULL"},
                    },
                    "ConditionalOperator": "OR",
                },
            ),
            (
                "Scan",
                {
                    **table,
                    "IndexName": "global",
                    "FilterExpression": "contains(b, :v)",
                    "ExpressionAttributeValues": {":v": {"S": "S"}},
                    "Limit": 3,
                    "TotalSegments": 4,
                    "Segment": 1,
                },
            ),
            (
                "Scan",
                {
                    **table,
                    "ScanFilter": {"z": {"ComparisonOperator": "NULL"}},
                    "AttributesToGet": ["pk"],
                    "ExclusiveStartKey": _KEY,
                },
            ),
            (
                "BatchWriteItem",
                {
                    "RequestItems": {
                        "orders": [
                            {"PutRequest": {"Item": _ITEM}},
                            {"DeleteRequest": {"Key": {**_KEY, "sk": {"N": "7"}}}},
                        ]
                    },
                    "ReturnConsumedCapacity": "TOTAL",
                },
            ),
            (
                "BatchGetItem",
                {
                    "RequestItems": {
                        "orders": {
                            "Keys": [_KEY, {**_KEY, "sk": {"N": "2"}}],
                            "ProjectionExpression": "#n",
                            "ExpressionAttributeNames": {"#n": "b"},
                        }
                    }
                },
            ),
            (
                "TransactWriteItems",
                {
                    "TransactItems": [
                        {"Put": {**table, "Item": {**_ITEM, "sk": {"N": "3"}}, **check}},
                        {
                            "Update": {
                                **table,
                                "Key": {**_KEY, "sk": {"N": "4"}},
                                "UpdateExpression": "ADD z :w",
                                "ExpressionAttributeValues": {":w": {"N": "1"}},
                            }
                        },
                        {"Delete": {**table, "Key": {**_KEY, "sk": {"N": "5"}}}},
                        {"ConditionCheck": {**table, "Key": {**_KEY, "sk": {"N": "6"}}, **check}},
                    ],
                    "ClientRequestToken": "token",
                },
            ),
            (
                "TransactGetItems",
                {
                    "TransactItems": [
                        {"Get": {**table, "Key": _KEY, "ProjectionExpression": "b[0].c[1]"}},
                    ]
                },
            ),
            *(
                (
                    "ExecuteStatement",
                    {"Statement": text, **({"Parameters": [{"N": "9"}]} if "?" in text else {})},
                )
                for text in statements
            ),
            (
                "ExecuteStatement",
                {"Statement": "SELECT * FROM orders", "Limit": 1, "NextToken": self.token},
            ),
            (
                "BatchExecuteStatement",
                {"Statements": [{"Statement": "SELECT * FROM orders WHERE pk = 'a' AND sk = 1"}]},
            ),
            (
                "ExecuteTransaction",
                {"TransactStatements": [{"Statement": statements[1], "Parameters": [{"N": "11"}]}]},
            ),
            (
                "SearchVectors",
                {
                    **table,
                    "IndexName": "vector",
                    "SearchVector": [{"N": "1"}],
                    "TopK": 2,
                    "SearchConditionExpression": "sk = :w",
                    "ExpressionAttributeValues": {":w": {"N": "1"}},
                },
            ),
            ("CreateTable", self.of_units("new")),
            ("CreateTable", self._borrowed("lent")),
            ("CreateTable", {**TABLE, "TableName": "new", "VectorIndexes": [VECTOR_INDEX]}),
            ("CreateTable", {**TABLE, "TableName": "other", "OnDemandThroughput": {
                "MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 10}}),
            ("DescribeTable", table),
            ("DeleteTable", table),
            ("ListTables", {"ExclusiveStartTableName": "aaa", "Limit": 3}),
            (
                "UpdateTable",
                {
                    "TableName": "units",
                    "ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 7},
                    "GlobalSecondaryIndexUpdates": [
                        {"Update": {"IndexName": "global", "ProvisionedThroughput": {
                            "ReadCapacityUnits": 6, "WriteCapacityUnits": 6}}}
                    ],
                    "AttributeDefinitions": TABLE["AttributeDefinitions"],
                },
            ),
            (
                "UpdateTable",
                {
                    **table,
                    "AttributeDefinitions": [{"AttributeName": "g", "AttributeType": "S"}],
                    "GlobalSecondaryIndexUpdates": [
                        {
                            "Create": {
                                "IndexName": "new",
                                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                "Projection": {
                                    "ProjectionType": "INCLUDE",
                                    "NonKeyAttributes": ["h"],
                                },
                                "OnDemandThroughput": {"MaxReadRequestUnits": 5},
                                "WarmThroughput": {
                                    "ReadUnitsPerSecond": 13000,
                                    "WriteUnitsPerSecond": 5000,
                                },
                            }
                        }
                    ],
                },
            ),
            ("UpdateTable", {**table, "ReplicaUpdates": [{"Create": {
                "RegionName": "eu-west-1", "TableClassOverride": "STANDARD",
                "GlobalSecondaryIndexes": [{"IndexName": "global"}]}}]}),
            ("UpdateTable", {**table, "StreamSpecification": {"StreamEnabled": False}}),
            ("UpdateTable", {**table, "OnDemandThroughput": {"MaxReadRequestUnits": 50}}),
            ("UpdateTable", {"TableName": "units", "BillingMode": "PAY_PER_REQUEST"}),
            ("UpdateTable", {**table, "SSESpecification": {"Enabled": True, "SSEType": "KMS"}}),
            ("UpdateTable", {**table, "VectorIndexUpdates": [{"Delete": {"IndexName": "vector"}}]}),
            ("UpdateTable", {**table, "DeletionProtectionEnabled": True}),
            ("UpdateTable", {**table, "WarmThroughput": {
                "ReadUnitsPerSecond": 14000, "WriteUnitsPerSecond": 6000}}),
            ("UpdateTimeToLive", {**table, "TimeToLiveSpecification": {
                "Enabled": True, "AttributeName": "t"}}),
            ("DescribeTimeToLive", table),
            ("TagResource", {"ResourceArn": _ARN, "Tags": [{"Key": "k", "Value": "v"}]}),
            ("UntagResource", {"ResourceArn": _ARN, "TagKeys": ["k"]}),
            ("ListTagsOfResource", {"ResourceArn": _ARN}),
            ("DescribeLimits", {}),
            ("DescribeEndpoints", {}),
            ("PutResourcePolicy", {"ResourceArn": _ARN, "Policy": json.dumps(_POLICY),
                                   "ConfirmRemoveSelfResourceAccess": True}),
            ("GetResourcePolicy", {"ResourceArn": _ARN.replace("orders", "units")}),
            ("DeleteResourcePolicy", {"ResourceArn": _ARN}),
            ("CreateBackup", {**table, "BackupName": "other"}),
            ("DescribeBackup", {"BackupArn": self.backup}),
            ("ListBackups", {**table, "Limit": 2, "TimeRangeLowerBound": 1.0,
                             "TimeRangeUpperBound": 2e9, "BackupType": "ALL"}),
            ("DeleteBackup", {"BackupArn": self.backup}),
            ("RestoreTableFromBackup", {"TargetTableName": "restored", "BackupArn": self.backup,
                "BillingModeOverride": "PAY_PER_REQUEST",
                "GlobalSecondaryIndexOverride": TABLE["GlobalSecondaryIndexes"],
                "LocalSecondaryIndexOverride": TABLE["LocalSecondaryIndexes"],
                "SSESpecificationOverride": {"Enabled": True, "SSEType": "KMS"}}),
            ("RestoreTableToPointInTime", {"SourceTableName": "orders", "TargetTableName": "restored",
                "RestoreDateTime": 1767227400, "BillingModeOverride": "PAY_PER_REQUEST",
                "VectorIndexOverride": [VECTOR_INDEX],
                "OnDemandThroughputOverride": {"MaxReadRequestUnits": 5}}),
            ("RestoreTableToPointInTime", {"SourceTableArn": _ARN, "TargetTableName": "restored",
                "UseLatestRestorableTime": True}),
            ("UpdateContinuousBackups", self._recovery("orders")),
            ("DescribeContinuousBackups", table),
            ("ExportTableToPointInTime", {"TableArn": _ARN, "S3Bucket": "bucket", "S3Prefix": "out",
                "ExportFormat": "DYNAMODB_JSON", "ExportType": "INCREMENTAL_EXPORT",
                "ClientToken": "token", "S3BucketOwner": "123456789012",
                "IncrementalExportSpecification": {"ExportFromTime": 1767225900,
                    "ExportToTime": 1767228600, "ExportViewType": "NEW_AND_OLD_IMAGES"}}),
            ("ExportTableToPointInTime", {"TableArn": _ARN, "S3Bucket": "bucket",
                "ExportTime": 1767228600,
                "FilterSpecification": {"KeyConditionExpression": "#pk = :pk",
                    "FilterExpression": "size(n) < :pk", "ProjectionExpression": "#pk, n",
                    "ExpressionAttributeNames": {"#pk": "pk"},
                    "ExpressionAttributeValues": {":pk": {"S": "a"}}}}),
            ("DescribeExport", {"ExportArn": self.export}),
            ("ListExports", {"TableArn": _ARN, "MaxResults": 1}),
            ("ImportTable", self._import("imported-too")),
            ("ImportTable", {**self._import("imported-csv"), "InputFormat": "CSV",
                "InputFormatOptions": {"Csv": {"Delimiter": ";", "HeaderList": ["pk", "sk"]}}}),
            ("DescribeImport", {"ImportArn": self.imported}),
            ("ListImports", {"PageSize": 1}),
            ("StartBulkPutItems", {**self._bulk("new", "orders"), "MaxWriteRequestUnits": 1024}),
            ("StartBulkPutItems", self._bulk("known", "imported")),
            ("DescribeBulkOperation", {"BulkOperationArn": self.bulk}),
            ("ListBulkOperations", {"MaxResults": 1}),
            ("CancelBulkOperation", {"BulkOperationArn": self.slow_bulk}),
            ("EnableKinesisStreamingDestination", {"TableName": "units", "StreamArn": _KINESIS,
                "EnableKinesisStreamingConfiguration": {
                    "ApproximateCreationDateTimePrecision": "MICROSECOND"}}),
            ("DisableKinesisStreamingDestination", {**table, "StreamArn": _KINESIS}),
            ("UpdateKinesisStreamingDestination", {**table, "StreamArn": _KINESIS,
                "UpdateKinesisStreamingConfiguration": {
                    "ApproximateCreationDateTimePrecision": "MICROSECOND"}}),
            ("DescribeKinesisStreamingDestination", table),
            ("UpdateTableReplicaAutoScaling", {"TableName": "shared",
                "GlobalSecondaryIndexUpdates": [{"IndexName": "global",
                    "ProvisionedWriteCapacityAutoScalingUpdate": _SCALING}],
                "ProvisionedWriteCapacityAutoScalingUpdate": _SCALING,
                "ReplicaUpdates": [{"RegionName": "us-east-1",
                    "ReplicaProvisionedReadCapacityAutoScalingUpdate": _SCALING,
                    "ReplicaGlobalSecondaryIndexUpdates": [{"IndexName": "global",
                        "ProvisionedReadCapacityAutoScalingUpdate": _SCALING}]}]}),
            ("DescribeTableReplicaAutoScaling", {"TableName": "shared"}),
            ("UpdateContributorInsights", {**table, "IndexName": "global",
                "ContributorInsightsAction": "ENABLE",
                "ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS"}),
            ("DescribeContributorInsights", {**table, "IndexName": "global"}),
            ("ListContributorInsights", {"MaxResults": 1}),
            ("CreateGlobalTable", self._global()),
            ("UpdateGlobalTable", {"GlobalTableName": "units", "ReplicaUpdates": [
                {"Create": {"RegionName": "eu-west-2"}}, {"Delete": {"RegionName": "eu-west-1"}}]}),
            ("DescribeGlobalTable", {"GlobalTableName": "units"}),
            ("DescribeGlobalTableSettings", {"GlobalTableName": "units"}),
            ("UpdateGlobalTableSettings", {"GlobalTableName": "units",
                "GlobalTableBillingMode": "PROVISIONED",
                "GlobalTableProvisionedWriteCapacityUnits": 5,
                "GlobalTableGlobalSecondaryIndexSettingsUpdate": [{"IndexName": "global",
                    "ProvisionedWriteCapacityUnits": 5,
                    "ProvisionedWriteCapacityAutoScalingSettingsUpdate": _SCALING}],
                "ReplicaSettingsUpdate": [{"RegionName": "us-east-1",
                    "ReplicaProvisionedReadCapacityUnits": 5,
                    "ReplicaGlobalSecondaryIndexSettingsUpdate": [{"IndexName": "global",
                        "ProvisionedReadCapacityUnits": 5}]}]}),
            ("ListGlobalTables", {"Limit": 1, "RegionName": "us-east-1"}),
            (streams + "ListStreams", {**table, "Limit": 1}),
            (streams + "DescribeStream", {"StreamArn": self.stream, "Limit": 1,
                "ShardFilter": {"Type": "CHILD_SHARDS", "ShardId": self.shard}}),
            (streams + "GetShardIterator", self._iterator()),
            (streams + "GetShardIterator", {**self._iterator(), "ShardIteratorType":
                "AT_SEQUENCE_NUMBER", "SequenceNumber": self.sequence}),
            (streams + "GetRecords", {"ShardIterator": self.iterator, "Limit": 2}),
        ]  # fmt: skip
        return found
