"""PartiQL through a real client.

What is expected comes from the pages of the developer guide on PartiQL (ql-reference.*), messages
from the public record of answers of DynamoDB in the dynamodb-conformance suite.
"""

from __future__ import annotations

import marshal
from base64 import urlsafe_b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, on_demand

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MALFORMED = "Statement wasn't well formed, can't be processed: "
NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


@pytest.fixture
def client(world: ddbha.World) -> DynamoDBClient:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="Music",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind}  # type: ignore[typeddict-item]
            for name, kind in (("artist", "S"), ("track", "N"), ("genre", "S"))
        ],
        KeySchema=[
            {"AttributeName": "artist", "KeyType": "HASH"},
            {"AttributeName": "track", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[index_on("by-genre", "genre", "track")],
        BillingMode="PAY_PER_REQUEST",
    )
    for artist in ("a", "b", "c"):
        for track in range(4):
            client.put_item(
                TableName="Music",
                Item={
                    "artist": {"S": artist},
                    "track": {"N": str(track)},
                    "genre": {"S": "odd" if track % 2 else "even"},
                    "notes": {"M": {"authors": {"L": [{"S": f"{artist}{track}"}, {"NULL": True}]}}},
                    "tags": {"SS": ["x", f"t{track}"]},
                },
            )
    return client


def execute(client: DynamoDBClient, statement: str, *parameters: Any, **options: Any) -> Any:
    if parameters:
        options["Parameters"] = list(parameters)
    return client.execute_statement(Statement=statement, **options)


def found(client: DynamoDBClient, statement: str, *parameters: Any, **options: Any) -> list[str]:
    items = execute(client, statement, *parameters, **options)["Items"]
    return [item["artist"]["S"] + item["track"]["N"] for item in items]


def refused(client: DynamoDBClient, statement: str, *parameters: Any, **options: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        execute(client, statement, *parameters, **options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("artist = 'a' AND track = 2", "a2"),
        ("track BETWEEN 1 AND 2 AND artist = 'a'", "a1 a2"),
        ("artist = 'a' AND NOT (track = 1 OR track = 3)", "a0 a2"),
        ("artist IN ['c', 'a'] AND track < 1", "a0 c0"),
        ("artist IN ('c') AND track NOT IN <<1, 2>>", "c0 c3"),
        ("artist = 'b' AND track != 0 AND track <> 3", "b1 b2"),
        ("artist = 'b' AND contains(tags, 't3')", "b3"),
        ("artist = 'b' AND contains(\"tags\", 't1') AND genre = 'odd'", "b1"),
        ("begins_with(notes.authors[0], 'c') AND track >= 3", "c3"),
        ("notes['authors'][1] IS NULL AND track = 0 AND artist > 'a' AND artist <= 'b'", "b0"),
        ("attribute_type(tags, 'SS') AND size(tags) = 2 AND track = 3 AND artist = 'a'", "a3"),
        ("other IS MISSING AND artist = 'a' AND track = 1", "a1"),
        ("other IS NOT MISSING", ""),
        ("artist = 'a' AND notes.authors[1] IS NOT NULL", ""),
    ],
)
def test_where(client: DynamoDBClient, where: str, expected: str) -> None:
    assert found(client, f'SELECT * FROM "Music" WHERE {where}') == expected.split()


def test_select_reads_only_the_collections_that_the_key_names(client: DynamoDBClient) -> None:
    def units(statement: str, **options: Any) -> float:
        answer = execute(client, statement, ReturnConsumedCapacity="TOTAL", **options)
        return float(answer["ConsumedCapacity"]["CapacityUnits"])

    for artist in ("big", "huge"):
        client.put_item(
            TableName="Music",
            Item={"artist": {"S": artist}, "track": {"N": "1"}, "body": {"S": "x" * 100_000}},
        )
    assert units("SELECT * FROM Music WHERE artist = 'a'") == 0.5
    assert units("SELECT * FROM Music WHERE artist = 'a'", ConsistentRead=True) == 1
    assert units("SELECT * FROM Music WHERE artist IN ['a', 'b']") == 0.5
    assert units("SELECT * FROM Music WHERE artist = 'a' OR artist = 'b'") == 0.5


def test_an_index_and_the_order_of_its_keys(client: DynamoDBClient) -> None:
    statement = 'SELECT artist, track FROM "Music"."by-genre" WHERE genre = ? AND track > 1'
    assert sorted(found(client, statement, {"S": "even"})) == ["a2", "b2", "c2"]
    descending = "SELECT * FROM Music WHERE artist = 'a' ORDER BY track DESC"
    assert found(client, descending) == ["a3", "a2", "a1", "a0"]
    assert found(
        client, "SELECT * FROM Music WHERE artist IN ['c','a'] AND track=0 ORDER BY artist DESC"
    ) == [
        "c0",
        "a0",
    ]
    assert refused(client, "SELECT * FROM Music ORDER BY track") == (
        "ValidationException",
        "Must have WHERE clause in the statement when using ORDER BY clause.",
    )
    assert refused(client, "SELECT * FROM Music WHERE artist = 'a' ORDER BY genre")[1] == (
        "Variable reference genre in ORDER BY clause must be part of the primary key"
    )


def test_paths_become_attributes_named_from_their_last_name_on(client: DynamoDBClient) -> None:
    answer = execute(client, "SELECT track, notes.authors[0] FROM Music WHERE artist = 'a' AND track = 1")
    assert answer["Items"] == [{"track": {"N": "1"}, "authors[0]": {"S": "a1"}}]


@pytest.mark.parametrize("where", ["artist IN ['b', 'a', 'c'] AND track > 0", "track > 0"])
def test_pages_hold_everything_once(client: DynamoDBClient, where: str) -> None:
    statement = f"SELECT * FROM Music WHERE {where}"
    whole, pages = found(client, statement), []
    options: dict[str, Any] = {"Limit": 2}
    while True:
        answer = execute(client, statement, **options)
        assert len(answer["Items"]) <= 2
        pages += [item["artist"]["S"] + item["track"]["N"] for item in answer["Items"]]
        assert ("NextToken" in answer) is ("LastEvaluatedKey" in answer)
        if "NextToken" not in answer:
            break
        options["NextToken"] = answer["NextToken"]
    assert pages == whole
    assert len(whole) == 9


def test_a_token_is_good_for_its_own_statement_only(client: DynamoDBClient) -> None:
    token = execute(client, "SELECT * FROM Music", Limit=1)["NextToken"]
    refusal = ("ValidationException", "NextToken does not match request")
    assert refused(client, "SELECT artist FROM Music", NextToken=token) == refusal


def test_a_forged_token_is_refused_unread(client: DynamoDBClient) -> None:
    statement = "SELECT * FROM Music"
    token = execute(client, statement, Limit=1)["NextToken"]
    forged = [
        token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        for place in (0, 30, -6)
    ]
    # What a token was until it had a key, about content that would have ended the process.
    for content in (marshal.dumps({"artist": {"S": "a"}}), b"\xfb" * 64, b"", b"{}"):
        asked = repr((statement, ())).encode()
        seal = blake2b(asked + content, digest_size=16).digest()
        forged.append(urlsafe_b64encode(seal + content).decode())
    # The seed decides everything but the key.
    twin = ddbha.World(clock=ddbha.ManualClock()).client("dynamodb", region_name="us-east-1")
    twin.create_table(TableName="Music", **on_demand("artist", "track:N"))
    for track in "12":
        twin.put_item(TableName="Music", Item={"artist": {"S": "a"}, "track": {"N": track}})
    forged.append(execute(twin, statement, Limit=1)["NextToken"])
    for one in (*forged, "é", "A" * 32768, token[:20]):
        assert refused(client, statement, NextToken=one) == ("ValidationException", "Invalid NextToken")
    assert len(execute(client, statement, NextToken=token)["Items"]) == 11


@pytest.mark.parametrize(
    ("kind", "values"), [("B", [b"", b"\xff\x00", b"b"]), ("S", ["é", "\u0000x", '"'])]
)
def test_pages_go_on_behind_keys_of_any_bytes(kind: str, values: list[Any]) -> None:
    client = ddbha.World(clock=ddbha.ManualClock()).client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="Pages", **on_demand("pk", f"sk:{kind}"))
    values = [value for value in values if value]
    for value in values:
        client.put_item(TableName="Pages", Item={"pk": {"S": "p"}, "sk": {kind: value}})
    pages: list[Any] = []
    options: dict[str, Any] = {}
    while "NextToken" in (page := execute(client, "SELECT * FROM Pages", Limit=1, **options)):
        pages += page["Items"]
        options = {"NextToken": page["NextToken"]}
    assert sorted(item["sk"][kind] for item in pages + page["Items"]) == sorted(values)


def test_insert(client: DynamoDBClient) -> None:
    statement = (
        "INSERT INTO \"Music\" VALUE {'artist': ?, 'track': -1.5e1, 'l': [1, 'it''s', true, null, {}], "
        "'s': <<'x', 'y'>>, 'm': {'n': ?}}"
    )
    assert execute(client, statement, {"S": "z"}, {"B": b"\0"})["Items"] == []
    key: Any = {"artist": {"S": "z"}, "track": {"N": "-15"}}
    assert client.get_item(TableName="Music", Key=key)["Item"] == {
        **key,
        "l": {"L": [{"N": "1"}, {"S": "it's"}, {"BOOL": True}, {"NULL": True}, {"M": {}}]},
        "s": {"SS": ["x", "y"]},
        "m": {"M": {"n": {"B": b"\0"}}},
    }
    assert refused(client, statement, {"S": "z"}, {"S": "again"}) == (
        "DuplicateItemException",
        "Duplicate primary key exists in table",
    )


def test_update(client: DynamoDBClient) -> None:
    answer = execute(
        client,
        "UPDATE Music SET plays = track + 5 SET notes.authors = list_append(notes.authors, ?), "
        "tags = set_add(tags, <<'new'>>) REMOVE genre WHERE artist = 'a' AND track = 1 AND genre = 'odd' "
        "RETURNING ALL NEW *",
        {"L": [{"S": "more"}]},
    )
    (item,) = answer["Items"]
    assert item["plays"] == {"N": "6"}
    assert item["notes"]["M"]["authors"]["L"] == [{"S": "a1"}, {"NULL": True}, {"S": "more"}]
    assert set(item["tags"]["SS"]) == {"x", "t1", "new"}
    assert "genre" not in item
    where = "WHERE artist = 'a' AND track = 1"
    removed = execute(
        client,
        f"UPDATE Music SET tags = set_delete(tags, <<'x', 't1'>>) {where} RETURNING MODIFIED OLD *",
    )
    assert {name: set(value["SS"]) for name, value in removed["Items"][0].items()} == {
        "tags": {"x", "t1", "new"}
    }
    assert execute(client, f"UPDATE Music SET n = 1 {where} RETURNING MODIFIED NEW *")["Items"] == [
        {"n": {"N": "1"}}
    ]
    assert execute(client, f"UPDATE Music REMOVE n {where} RETURNING MODIFIED NEW *")["Items"] == []


def test_update_needs_an_item_and_its_whole_key(client: DynamoDBClient) -> None:
    failed = ("ConditionalCheckFailedException", "The conditional request failed")
    assert refused(client, "UPDATE Music SET n = 1 WHERE artist = 'a' AND track = 99") == failed
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        execute(
            client,
            "UPDATE Music SET n = 1 WHERE artist = 'a' AND track = 1 AND genre = 'even'",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Item"]["genre"] == {"S": "odd"}  # type: ignore[typeddict-item]
    assert refused(client, "UPDATE Music SET n = 1 WHERE artist = 'a'") == ("ValidationException", NO_KEY)
    assert refused(client, "DELETE FROM Music WHERE artist = 'a' AND track > 1")[1] == NO_KEY
    assert (
        "Cannot update attribute track"
        in (refused(client, "UPDATE Music SET track = 1 WHERE artist = 'a' AND track = 1")[1])
    )


def test_delete(client: DynamoDBClient) -> None:
    where = "WHERE artist = 'a' AND track = 1"
    refusal = refused(client, f"DELETE FROM Music {where} AND genre = 'even'")
    assert refusal[0] == "ConditionalCheckFailedException"
    answer = execute(client, f"DELETE FROM Music {where} AND genre = 'odd' RETURNING ALL OLD *")
    assert answer["Items"][0]["genre"] == {"S": "odd"}
    assert execute(client, f"DELETE FROM Music {where} AND genre = 'odd'")["Items"] == []
    assert refused(client, f"DELETE FROM Music {where} RETURNING MODIFIED OLD *")[1] == (
        "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in "
        "DELETE statements."
    )


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SLECT * FROM Music", MALFORMED + "Expected data manipulation"),
        ("SELECT count(*) FROM Music", "Unexpected path component at 1:8:5"),
        ("SELECT * FROM Music WHERE", MALFORMED + "Unexpected term"),
        ("SELECT * FROM Music WHERE (", MALFORMED + "Unexpected term"),
        (
            "SELECT * FROM Music WHERE a = 1 AND",
            MALFORMED + "Missing right-hand side expression of infix operator",
        ),
        ("SELECT * FROM Music WHERE ORDER BY a", MALFORMED + "Unexpected keyword"),
        ("SELECT * FROM Music WHERE x IS FOO", MALFORMED + "Expected type name"),
        ("SELECT * FROM Music WHERE a = 1 foo", MALFORMED + "Unexpected token after expression"),
        ("SELECT * FROM Music WHERE a = 1)", MALFORMED + "Unexpected token after expression"),
        ("INSERT INTO Music VALUE {'a': 1} foo", MALFORMED + "Unexpected token after expression"),
        ("INSERT INTO Music t VALUE {'a': 1}", MALFORMED + "Unexpected token after expression"),
        ("DELETE FROM", MALFORMED + "Expected identifier for simple path"),
        ("SELECT * FROM Music t WHERE a = 1", "Aliasing is not supported"),
        ("UPDATE Music AS t SET a = 1", "Aliasing is not supported"),
        ("SELECT * FROM Music WHERE a = 1 # note", MALFORMED),
        ("SELECT * FROM Music WHERE a = 'open", MALFORMED),
        ("SELECT * FROM Music WHERE a = ?", "Number of parameters in request and statement don't match."),
        (
            "INSERT INTO Music VALUE {'a': 1, 'l': [1, 1e126]}",
            "Number overflow. Attempting to store a number with magnitude larger than supported range "
            "under root[1]",
        ),
        ("UPDATE Music SET a = 1", NO_KEY),
    ],
)
def test_what_is_wrong_with_a_statement(client: DynamoDBClient, statement: str, message: str) -> None:
    assert refused(client, statement) == ("ValidationException", message)


def test_comments_and_a_semicolon(client: DynamoDBClient) -> None:
    statement = "-- all\nSELECT * FROM Music /* one */ WHERE artist = 'a' -- and\nAND track = 1;"
    assert found(client, statement) == ["a1"]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM Music WHERE " + "(" * 8000,
        "SELECT * FROM Music WHERE " + "(" * 4000 + "a = 1" + ")" * 4000,
        "SELECT * FROM Music WHERE a = " + "[" * 8000,
        "INSERT INTO Music VALUE " + "{'a':" * 1500,
        "INSERT INTO Music VALUE {'a': " + "[" * 4000 + "]" * 4000 + "}",
        "SELECT * FROM Music WHERE " + "size(" * 1500,
        "SELECT * FROM Music WHERE " + "NOT " * 2000,
        "UPDATE Music SET a = " + "list_append(" * 600,
        "UPDATE Music SET a = " + "- " * 4000,
        "SELECT * FROM Music WHERE a = " + "<<" * 4000,
        "SELECT * FROM Music " + "/*" * 4000,
        "SELECT * FROM Music WHERE a = " + "'" * 8001,
        'SELECT * FROM Music WHERE a = "' + '"' * 8000,
    ],
    ids=range(13),
)
def test_hostile_statements_are_refused(client: DynamoDBClient, statement: str) -> None:
    code, message = refused(client, statement)
    assert code == "ValidationException"
    assert message.startswith(MALFORMED)


def test_long_statements_are_read(client: DynamoDBClient) -> None:
    anything = " OR ".join(["a=1"] * 1000)
    assert found(client, f"SELECT * FROM Music WHERE {anything}") == []
    negated = "NOT " * 1900 + "artist = 'a'"
    assert len(found(client, f"SELECT * FROM Music WHERE {negated}")) == 4
    assert refused(client, "SELECT * FROM Music WHERE a = '" + "x" * 8192 + "'")[1].endswith(
        "Member must have length less than or equal to 8192"
    )


def test_a_batch_of_writes_answers_for_each(client: DynamoDBClient) -> None:
    answer = client.batch_execute_statement(
        Statements=[
            {"Statement": "INSERT INTO Music VALUE {'artist': 'n', 'track': 1}"},
            {"Statement": "INSERT INTO Music VALUE {'artist': 'a', 'track': 3}"},
            {"Statement": "UPDATE Music SET n = 1 WHERE artist = 'a' AND track = 1 AND genre = 'even'"},
            {"Statement": "UPDATE nowhere SET n = 1 WHERE artist = 'a'"},
            {"Statement": "SLECT"},
            {"Statement": "DELETE FROM Music WHERE artist = 'a' AND track = 2 RETURNING ALL OLD *"},
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    responses = answer["Responses"]
    assert [response.get("Error", {}).get("Code") for response in responses] == [
        None,
        "DuplicateItem",
        "ConditionalCheckFailed",
        "ResourceNotFound",
        "ValidationError",
        None,
    ]
    assert responses[4]["Error"]["Message"] == MALFORMED + "Expected data manipulation"
    assert responses[0] == {"TableName": "Music"}
    assert responses[5]["Item"]["genre"] == {"S": "even"}
    # The new item, and the other with its entry in the index.
    assert answer["ConsumedCapacity"] == [{"TableName": "Music", "CapacityUnits": 3.0}]


def test_a_batch_of_reads(client: DynamoDBClient) -> None:
    def statement(where: str) -> Any:
        return {"Statement": f"SELECT genre FROM Music WHERE {where}"}

    responses = client.batch_execute_statement(
        Statements=[
            statement("artist = 'a' AND track = 1"),
            statement("artist = 'a' AND track = 77"),
            statement("artist = 'a'"),
        ]
    )["Responses"]
    assert responses[:2] == [
        {"TableName": "Music", "Item": {"genre": {"S": "odd"}}},
        {"TableName": "Music"},
    ]
    assert responses[2] == {
        "Error": {
            "Code": "ValidationError",
            "Message": "Select statements within BatchExecuteStatement must specify the primary key in "
            "the where clause.",
        }
    }
    with pytest.raises(ClientError, match="does not support both read and write operations"):
        client.batch_execute_statement(
            Statements=[
                statement("artist = 'a'"),
                {"Statement": "INSERT INTO Music VALUE {'artist': 'a'}"},
            ]
        )


def transact(client: DynamoDBClient, *statements: str, **options: Any) -> Any:
    return client.execute_transaction(
        TransactStatements=[{"Statement": s} for s in statements], **options
    )


def test_a_transaction_happens_whole_or_not_at_all(client: DynamoDBClient) -> None:
    insert = "INSERT INTO Music VALUE {'artist': 'n', 'track': 1}"
    exists = "EXISTS(SELECT * FROM Music WHERE artist = 'a' AND track = 1 AND genre = '%s')"
    again = "INSERT INTO Music VALUE {'artist': 'a', 'track': 2}"
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        transact(client, insert, exists % "even", again)
    reasons = caught.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed", "DuplicateItem"]
    assert reasons[2]["Message"] == "Duplicate primary key exists in table"
    assert found(client, "SELECT * FROM Music WHERE artist = 'n'") == []

    update = "UPDATE Music SET n = 1 WHERE artist = 'b' AND track = 1"
    delete = "DELETE FROM Music WHERE artist = 'b' AND track = 2"
    for _ in range(2):
        transact(client, insert, exists % "odd", update, delete, ClientRequestToken="token")
    assert found(client, "SELECT * FROM Music WHERE artist IN ['b', 'n']") == ["b0", "b1", "b3", "n1"]
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        transact(client, insert, ClientRequestToken="token")


def test_a_transaction_of_reads(client: DynamoDBClient) -> None:
    select = "SELECT genre FROM Music WHERE artist = 'a' AND track = "
    assert transact(client, select + "1", select + "99")["Responses"] == [
        {"Item": {"genre": {"S": "odd"}}},
        {},
    ]


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (
            ["SELECT * FROM Music WHERE"],
            "Validation failed in TransactStatements[0]: " + MALFORMED + "Unexpected term",
        ),
        (
            ["SELECT * FROM Music WHERE artist = 'a'"],
            "Validation failed in TransactStatements[0]: Select statements within ExecuteTransaction "
            "must specify the primary key in the where clause.",
        ),
        (
            ["SELECT * FROM Music.\"by-genre\" WHERE genre = 'odd'"],
            "Validation failed in TransactStatements[0]: Reads on indices are not supported within "
            "transactions.",
        ),
        (
            ["DELETE FROM Music WHERE artist = 'a' AND track = 1 RETURNING ALL OLD *"],
            "Validation failed in TransactStatements[0]: RETURNING clause is not supported in "
            "ExecuteTransaction.",
        ),
        (
            [
                "SELECT * FROM Music WHERE artist = 'a' AND track = 1",
                "DELETE FROM Music WHERE artist = 'a'",
            ],
            "ExecuteTransaction API does not support both read and write operations in the same request.",
        ),
    ],
)
def test_what_transactions_do_not_take(
    client: DynamoDBClient, statements: list[str], message: str
) -> None:
    with pytest.raises(ClientError) as caught:
        transact(client, *statements)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert caught.value.response["Error"]["Message"] == message


def test_a_statement_without_its_item_cancels_a_transaction(client: DynamoDBClient) -> None:
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        transact(
            client,
            "UPDATE Music SET n = 1 WHERE artist = 'a'",
            "UPDATE nowhere SET n = 1 WHERE artist = 'a'",
            "DELETE FROM Music WHERE artist = 'a' AND track = 1",
        )
    reasons = caught.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["ValidationError", "ResourceNotFound", "None"]
    assert reasons[0]["Message"] == "The provided key element does not match the schema"
    assert found(client, "SELECT * FROM Music WHERE artist = 'a' AND track = 1") == ["a1"]


def test_a_fault_on_a_table_meets_the_statements_about_it(
    world: ddbha.World, client: DynamoDBClient
) -> None:
    with world.faults.error("InternalServerError", table="Music"):
        for call in (
            lambda: execute(client, 'SELECT * FROM "Music"'),
            lambda: client.batch_execute_statement(Statements=[{"Statement": "DELETE FROM Music"}]),
            lambda: transact(client, "UPDATE Music SET n = 1"),
        ):
            with pytest.raises(ClientError, match="InternalServerError"):
                call()
        assert refused(client, "SELECT * FROM Other")[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("digits", ["2147483648", "9" * 4301, "0" * 100 + "9" * 700])
def test_an_index_is_within_bounds_however_long_it_is(client: DynamoDBClient, digits: str) -> None:
    for statement in (
        f"SELECT tags[{digits}] FROM Music",
        f"UPDATE Music SET tags[{digits}] = 1 WHERE artist = 'a' AND track = 1",
    ):
        code, message = refused(client, statement)
        assert code == "ValidationException"
        assert message == f"List index is not within the allowable range; index: [{digits}]"
    assert found(client, f"SELECT * FROM Music WHERE artist = 'a' AND tags[{'0' * 5000}] = 'x'") == []


def test_an_or_of_one_partition_key_reads_its_partitions() -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html"""
    client: Any = ddbha.World().client("dynamodb")
    client.create_table(TableName="big", **on_demand("pk", "sk"))
    for pk in "abcd":
        for sk in "12":
            item = {"pk": {"S": pk}, "sk": {"S": sk}, "v": {"S": "x" * 4000}}
            client.put_item(TableName="big", Item=item)

    def found(where: str) -> tuple[set[str], float]:
        answer = client.execute_statement(
            Statement=f"SELECT pk, sk FROM big WHERE {where}", ReturnConsumedCapacity="TOTAL"
        )
        items = {item["pk"]["S"] + item["sk"]["S"] for item in answer["Items"]}
        return items, answer["ConsumedCapacity"]["CapacityUnits"]

    assert found("pk = 'a' OR pk = 'b'") == ({"a1", "a2", "b1", "b2"}, 2)
    assert found("(pk = 'a' OR pk = 'b') AND sk = '1'") == ({"a1", "b1"}, 1)
    assert found("pk = 'a' OR pk IN ['a', 'd']") == ({"a1", "a2", "d1", "d2"}, 2)
    assert found("pk = 'a' OR sk = '1'")[0] == {"a1", "a2", "b1", "c1", "d1"}


def test_several_terms_are_added_from_left_to_right() -> None:
    client: Any = ddbha.World().client("dynamodb")
    client.create_table(TableName="counts", **on_demand("pk"))
    client.put_item(TableName="counts", Item={"pk": {"S": "a"}, "n": {"N": "5"}})
    client.execute_statement(
        Statement="UPDATE counts SET n = n + 1 - 2 + 10, m = n - 1 - 1 WHERE pk = 'a'"
    )
    item = client.get_item(TableName="counts", Key={"pk": {"S": "a"}})["Item"]
    assert (item["n"], item["m"]) == ({"N": "14"}, {"N": "3"})
