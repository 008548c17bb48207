"""A handler adds up the records of a stream; after an error it is given the same records again.

That is how AWS Lambda reads streams: a batch whose handler fails is handed over once more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from ddbha.exploration import Trial

Handle = Callable[[Any, dict[str, Any]], None]
TRANSIENT = (ClientError, ConnectTimeoutError, ReadTimeoutError)


def add(client: Any, record: dict[str, Any]) -> None:
    """Wrong: a record that comes twice counts twice."""
    client.update_item(**_addition(record))


def add_once(client: Any, record: dict[str, Any]) -> None:
    """Right: the same transaction remembers the record, and refuses one that it has seen."""
    seen = {
        "TableName": "seen",
        "Item": {"id": {"S": record["eventID"]}},
        "ConditionExpression": "attribute_not_exists(id)",
    }
    try:
        client.transact_write_items(TransactItems=[{"Put": seen}, {"Update": _addition(record)}])
    except client.exceptions.TransactionCanceledException as error:
        if error.response["CancellationReasons"][0]["Code"] != "ConditionalCheckFailed":
            raise


def _addition(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "TableName": "totals",
        "Key": {"id": {"S": "all"}},
        "UpdateExpression": "ADD amount :amount",
        "ExpressionAttributeValues": {":amount": record["dynamodb"]["NewImage"]["amount"]},
    }


def _read_stream(trial: Trial, handle: Handle) -> None:
    # Whoever reads a stream does not want botocore to try again as well.
    client = trial.world.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))
    patient = Config(retries={"total_max_attempts": 30})
    streams: Any = trial.world.client("dynamodbstreams", config=patient)
    for name in ("sales", "totals", "seen"):
        options: Any = {"StreamEnabled": name == "sales"}
        if name == "sales":
            options["StreamViewType"] = "NEW_IMAGE"
        client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification=options,
        )
    for number in (1, 2, 3):
        client.put_item(TableName="sales", Item={"id": {"S": str(number)}, "amount": {"N": "10"}})
    arn = client.describe_table(TableName="sales")["Table"]["LatestStreamArn"]

    def read() -> None:
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            iterator = streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            hand_over(streams.get_records(ShardIterator=iterator)["Records"])

    def hand_over(records: list[dict[str, Any]]) -> None:
        while True:
            try:
                for record in records:
                    handle(client, record)
            except TRANSIENT:
                continue
            return

    trial.client("handler", read)
    trial.run()
    total = client.get_item(TableName="totals", Key={"id": {"S": "all"}}, ConsistentRead=True)
    amount = total["Item"]["amount"]["N"]
    assert amount == "30", f"three sales of 10 add up to {amount}"


def broken(trial: Trial) -> None:
    _read_stream(trial, add)


def fixed(trial: Trial) -> None:
    _read_stream(trial, add_once)


FAULTS = ("lost_answers", "lost_requests", "errors", "conflicts")


if __name__ == "__main__":
    from ddbha.exploration import FailingSchedule, explore

    try:
        explore(broken, faults=FAULTS)
    except FailingSchedule as failure:
        print(failure)
    explore(fixed, faults=FAULTS)
    print("fixed: 200 schedules, and none breaks it")
