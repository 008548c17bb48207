"""What DynamoDB's PartiQL reads and refuses, word for word.

Recorded from AWS by https://github.com/paritysuite/dynamodb-conformance (eu-west-2, October 2026):
`tests/tier2/partiql` (grammar, fromFirstUpdate, setFunctions, whereFunctions, whereOverlap,
multiAttributeIndex) and `tests/tier3/error-messages` (partiqlGrammar, partiqlFunctions,
partiqlParameterNumbers, partiqlMultiAttributeIndex).  What stands in `ONLY_EMULATED` is the word of
DynamoDB Local, which shares this part with the service.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import on_demand

MALFORMED = "Statement wasn't well formed, can't be processed: "
LEFTOVER = f"{MALFORMED}Unexpected token after expression"
NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
NUMBER = "Attempting to store a number with magnitude"
OVERFLOW = f"Number overflow. {NUMBER} larger than supported range"
UNDERFLOW = f"Number underflow. {NUMBER} smaller than supported range"
UNCONVERTIBLE = "The parameter cannot be converted to a numeric value"
NESTED = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
    "supported limit"
)
OPERANDS = "Incorrect number of operands for operator or function; operator or function: "
PATH = "Operator or function requires a document path; operator or function: attribute_exists"
SEVERAL_KEYS = (
    "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute "
    "RANGE keys."
)
ITEM: Any = {
    "pk": {"S": "a"},
    "n": {"N": "5"},
    "ss": {"SS": ["a", "b", "c"]},
    "s": {"S": "str"},
    "m": {"M": {"sub": {"S": "x"}}},
    "nul": {"NULL": True},
    "flag": {"BOOL": True},
}


@pytest.fixture
def client() -> Any:
    client = ddbha.World(clock=ddbha.ManualClock()).client("dynamodb")
    client.create_table(TableName="Tab", **on_demand("pk"))
    client.create_table(TableName="Num", **on_demand("pk:N"))
    client.create_table(TableName="Two", **on_demand("pk", "sk"))
    client.put_item(TableName="Tab", Item=ITEM)
    for sk in "123":
        client.put_item(TableName="Two", Item={"pk": {"S": "a"}, "sk": {"S": sk}})
    return client


def run(client: Any, statement: str, *parameters: Any) -> list[Any]:
    more: Any = {"Parameters": list(parameters)} if parameters else {}
    items: list[Any] = client.execute_statement(Statement=statement, **more)["Items"]
    return items


def refusal(client: Any, statement: str, *parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        run(client, statement, *parameters)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    return caught.value.response["Error"]["Message"]


def stored(client: Any) -> dict[str, Any]:
    item: dict[str, Any] = client.get_item(TableName="Tab", Key={"pk": {"S": "a"}})["Item"]
    return item


def deep(levels: int, leaf: Any) -> Any:
    for _ in range(levels):
        leaf = {"M": {"n": leaf}}
    return leaf


@pytest.mark.parametrize(
    ("statement", "changed"),
    [
        ("FROM Tab WHERE pk = 'a' SET c = 1", {"c": {"N": "1"}}),
        ("from Tab where pk = 'a' set c = 1", {"c": {"N": "1"}}),
        ("FROM Tab WHERE pk = 'a' AND n = 5 SET c = 1", {"c": {"N": "1"}}),
        ("FROM Tab WHERE pk = 'a' REMOVE s", {"s": None}),
        ("FROM Tab WHERE pk = 'a' SET c = 2 REMOVE n", {"c": {"N": "2"}, "n": None}),
    ],
)
def test_an_update_may_begin_with_from(client: Any, statement: str, changed: dict[str, Any]) -> None:
    after = {name: value for name, value in {**ITEM, **changed}.items() if value is not None}
    assert run(client, f"{statement} RETURNING ALL NEW *") == [after]
    assert stored(client) == after


def test_an_update_that_begins_with_from_is_an_update(client: Any) -> None:
    run(client, "FROM Tab WHERE pk = ? SET c = ?", {"S": "a"}, {"N": "7"})
    assert stored(client)["c"] == {"N": "7"}
    for where in ("pk = 'absent'", "pk = 'a' AND n = 2"):
        with pytest.raises(client.exceptions.ConditionalCheckFailedException):
            run(client, f"FROM Tab WHERE {where} SET c = 1")
    entry = {"Statement": "FROM Tab WHERE pk = 'a' SET c = 8"}
    assert client.execute_transaction(TransactStatements=[entry])["Responses"] == []
    entry = {"Statement": "FROM Tab WHERE pk = 'a' SET d = 9"}
    assert client.batch_execute_statement(Statements=[entry])["Responses"] == [{"TableName": "Tab"}]
    assert (stored(client)["c"], stored(client)["d"]) == ({"N": "8"}, {"N": "9"})
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        run(client, "FROM Nowhere WHERE pk = 'x' SET c = 1")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("FROM Tab SET c = 1", NO_KEY),
        ("FROM Tab REMOVE a", NO_KEY),
        ("FROM Tab WHERE a = 1 SET c = 1", NO_KEY),
        ("FROM Tab SET c = 1 WHERE pk = 'a'", LEFTOVER),
        ("FROM Tab SET c = 1 WHERE pk = 'a' SET d = 2", LEFTOVER),
        ("SELECT * FROM Num WHERE pk = 1 foo", LEFTOVER),
        ("SELECT * FROM Num WHERE pk = 1 e5", LEFTOVER),
        ("UPDATE Num SET a = 9 WHERE pk = 2 foo", LEFTOVER),
        ("DELETE FROM Num WHERE pk = 2 foo", LEFTOVER),
        ("DELETE FROM Num WHERE pk = 2 ORDER BY pk", LEFTOVER),
        ("SELECT * FROM Num ORDER BY pk WHERE pk = 1", LEFTOVER),
        ("SELECT * FROM Num WHERE pk = 1e2147483648", MALFORMED),
        ("SELECT * FROM Num WHERE pk = 1e99999999999", MALFORMED),
        ("SELECT * FROM Num WHERE pk = 1.5e-2147483647", MALFORMED),
        ("SELECT * FROM Num WHERE pk = 1 /* note", MALFORMED),
        ("SELECT * FROM Tab AS t WHERE pk = 'x'", "Aliasing is not supported"),
        ("UPDATE Tab t SET a = 3 WHERE pk = 'x'", "Aliasing is not supported"),
        ("DELETE FROM Tab t WHERE pk = 'x'", "Aliasing is not supported"),
        ("SELECT * FROM Num WHERE pk = 1e126", f"{OVERFLOW} under root"),
        ("SELECT * FROM Num WHERE pk = 1e-131", f"{UNDERFLOW} under root"),
        (
            "SELECT * FROM Num WHERE pk = 123456789012345678901234567890123456789",
            "Attempting to store more than 38 significant digits in a Number under root",
        ),
        ("INSERT INTO Num VALUE {'pk': 1e126}", f"{OVERFLOW} under root"),
        ("UPDATE Num SET a = 1e-131 WHERE pk = 2", f"{UNDERFLOW} under root"),
        ("INSERT INTO Num VALUE {'pk': 6, 'm': {'x': 1e126}}", f"{OVERFLOW} under root.x"),
        *(
            (f"{statement} WHERE{rest}", f"{MALFORMED}Unexpected term")
            for statement in ("SELECT * FROM Tab", "UPDATE Tab SET a = 1", "DELETE FROM Nowhere")
            for rest in ("", ";", "   ", " NOT", " (")
        ),
        (
            "SELECT * FROM Tab WHERE pk = 'p1' OR",
            f"{MALFORMED}Missing right-hand side expression of infix operator",
        ),
        ("SELECT * FROM Tab WHERE IS NULL", f"{MALFORMED}Unexpected operator"),
        ("SELECT * FROM Tab WHERE pk = LIKE", f"{MALFORMED}Unexpected operator"),
        ("DELETE FROM;", f"{MALFORMED}Expected identifier for simple path"),
        ("DELETE FROM WHERE pk = 'a'", f"{MALFORMED}Expected identifier for simple path"),
        ("SELECT * FROM", f"{MALFORMED}Unexpected term"),
    ],
)
def test_what_is_no_statement(client: Any, statement: str, message: str) -> None:
    assert refusal(client, statement) == message


@pytest.mark.parametrize("literal", ["7.31e6", "7.31E6", "7.31e+6", "731e4", "73100000e-1", ".731e7"])
def test_numbers_may_be_written_in_any_way(client: Any, literal: str) -> None:
    client.put_item(TableName="Num", Item={"pk": {"N": "7310000"}})
    assert run(client, f"SELECT * FROM Num WHERE pk = {literal}") == [{"pk": {"N": "7310000"}}]
    run(client, f"INSERT INTO Num VALUE {{'pk': -{literal}}}")
    assert client.get_item(TableName="Num", Key={"pk": {"N": "-7310000"}})["Item"]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("attribute_exists(ss)", True),
        ("attribute_exists(nope)", False),
        ("attribute_not_exists(nope)", True),
        ("NOT attribute_exists(nope)", True),
        ("ATTRIBUTE_EXISTS(ss)", True),
        ("(attribute_exists(nope) OR attribute_exists(ss))", True),
        ("attribute_exists(ss) = true", True),
        ("attribute_exists(ss) <> true", False),
        ("attribute_exists(ss) = false", False),
        ('attribute_exists("ss")', True),
        ("attribute_exists(m.sub)", True),
        ("attribute_exists(m.nope)", False),
        ("size(s) = 3", True),
        ("attribute_type(ss, 'S')", False),
        ("nul IS NULL", True),
        ("s IS NOT NULL", True),
        ("nul IS NOT NULL", False),
        ("flag IS BOOL", True),
        ("s IS STRING", True),
        ("s IS BOOL", False),
        ("n IS NUMERIC", True),
        ("m IS STRUCT", True),
    ],
)
def test_functions_and_types_in_a_condition(client: Any, condition: str, holds: bool) -> None:
    assert (
        run(client, f"SELECT pk FROM Tab WHERE pk = 'a' AND {condition}") == [{"pk": {"S": "a"}}] * holds
    )
    write = f"UPDATE Tab SET z = 1 WHERE pk = 'a' AND {condition}"
    if holds:
        run(client, write)
    else:
        with pytest.raises(client.exceptions.ConditionalCheckFailedException):
            run(client, write)
    assert ("z" in stored(client)) is holds


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ("ss = set_add(ss, <<'0', 'z'>>)", {"0", "a", "b", "c", "z"}),
        ("ss = SET_ADD(ss, <<'a'>>)", {"a", "b", "c"}),
        ("ss = set_delete(ss, <<'a', 'zz'>>)", {"b", "c"}),
        ("ss = set_delete(ss, <<'a', 'b', 'c'>>)", set()),
        ("nss = set_delete(nss, <<'a'>>)", {"a", "b", "c"}),
    ],
)
def test_sets_grow_and_shrink(client: Any, change: str, after: set[str]) -> None:
    run(client, f"UPDATE Tab SET {change} WHERE pk = 'a'")
    assert set(stored(client).get("ss", {"SS": ()})["SS"]) == after
    assert "nss" not in stored(client)


ASSIGNED = "The first argument to SET_ADD must equal the assignment value"


def at(statement: str, token: str, behind: str = "") -> str:
    start = statement.index(token, statement.index(behind) + len(behind))
    return f"at 1:{start + 1}:{len(token)}"


@pytest.mark.parametrize(
    ("change", "message", "token", "behind"),
    [
        ("t = set_add(ss, <<'x'>>)", ASSIGNED, "set_add", ""),
        ("ss = set_add(<<'a'>>, <<'b'>>)", ASSIGNED, "set_add", ""),
        ("ss = set_delete(ss, 'a')", "The second argument to SET_DELETE must be a value with type SET",
         "ss", "set_delete("),
        ("ss = set_add(ss, ['x'])", "The second argument to SET_ADD must be a value with type SET",
         "ss", "set_add("),
        ("ss = set_add(ss)", "SET_ADD must have exactly two arguments", "set_add", ""),
        ("ss = set_add(ss, <<'x'>>, <<'y'>>)", "SET_ADD must have exactly two arguments", "set_add", ""),
    ],
)  # fmt: skip
def test_arguments_of_set_functions(
    client: Any, change: str, message: str, token: str, behind: str
) -> None:
    statement = f"UPDATE Tab SET {change} WHERE pk = 'a'"
    assert refusal(client, statement) == f"{message} {at(statement, token, behind)}"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT * FROM Tab WHERE pk = 'a' AND attribute_exists('ss')", PATH),
        ("SELECT * FROM Tab WHERE attribute_exists()",
         f"{OPERANDS}attribute_exists, number of operands: 0"),
        ("SELECT * FROM Tab WHERE attribute_exists(a, b)",
         f"{OPERANDS}attribute_exists, number of operands: 2"),
        ("SELECT attribute_exists(ss) FROM Tab WHERE pk = 'a'", "Unexpected path component at 1:8:16"),
        ("SELECT * FROM Tab WHERE EXISTS(ss)", "Unrecognized function: exists at 1:25:6"),
        ("SELECT * FROM Tab WHERE set_add(ss, <<'x'>>) = ss", "Unrecognized function: set_add at 1:25:7"),
        ("SELECT *\nFROM Tab\n WHERE foo(ss)", "Unrecognized function: foo at 3:8:3"),
        ("SELECT * FROM Tab WHERE attribute_exists(m.inner)", f"{MALFORMED}Invalid path dot component"),
        ("UPDATE Tab SET m.inner = set_add(m.inner, <<'y'>>) WHERE pk = 'a'",
         f"{MALFORMED}Invalid path dot component"),
        ("UPDATE Tab SET ss = set_add(ss, <<1>>) WHERE pk = 'a'",
         "An operand in the update expression has an incorrect data type"),
        ("UPDATE Tab SET ss = set_add(ss, <<'x', 'x'>>) WHERE pk = 'a'",
         "One or more parameter values were invalid: Input collection [x, x] contains duplicates."),
        ("UPDATE Tab SET ss = set_add(ss, <<>>) WHERE pk = 'a'", "Empty bags are not supported"),
        ("INSERT INTO Tab VALUE {'pk': 'b', 'ss': set_add(<<'a'>>, <<'b'>>)}",
         "Unsupported data type: set_add under key root at 1:41:7"),
    ],
)  # fmt: skip
def test_functions_where_none_may_be(client: Any, statement: str, message: str) -> None:
    assert refusal(client, statement) == message


def test_conditions_beyond_the_key_in_batches_and_transactions(client: Any) -> None:
    reading = "SELECT * FROM Tab WHERE pk = 'a' AND attribute_exists(ss)"
    with pytest.raises(ClientError) as caught:
        client.execute_transaction(TransactStatements=[{"Statement": reading}])
    whole = "must specify the primary key in the where clause."
    assert caught.value.response["Error"]["Message"] == (
        f"Validation failed in TransactStatements[0]: Select statements within ExecuteTransaction {whole}"
    )
    (answer,) = client.batch_execute_statement(Statements=[{"Statement": reading}])["Responses"]
    assert answer["Error"] == {
        "Code": "ValidationError",
        "Message": f"Select statements within BatchExecuteStatement {whole}",
    }
    check = "EXISTS(SELECT * FROM Tab WHERE pk = 'a')"
    with pytest.raises(ClientError) as caught:
        client.execute_transaction(TransactStatements=[{"Statement": check}])
    assert caught.value.response["Error"]["Message"] == (
        "Validation failed in TransactStatements[0]: EXISTS() must contain a single item read with "
        "additional condition"
    )
    assert refusal(client, check) == "EXISTS can only be used in ExecuteTransaction write requests."


POSITIONS = [
    "SELECT * FROM Two WHERE pk = 'a' AND n = ?",
    "INSERT INTO Two VALUE {'pk': 'new', 'sk': 's', 'n': ?}",
    "UPDATE Two SET n = ? WHERE pk = 'a' AND sk = '1'",
    "SELECT * FROM Two WHERE pk = ?",
]


@pytest.mark.parametrize("statement", POSITIONS)
@pytest.mark.parametrize(
    ("number", "message"),
    [
        *((text, f"{UNCONVERTIBLE}: {text}") for text in (
            "1e99999999999", "-1e99999999999", "1e-99999999999", "1e2147483648", "1e-2147483648", "abc"
        )),
        ("1e2147483647", UNDERFLOW),
        ("", UNCONVERTIBLE),
        ("1e126", OVERFLOW),
    ],
)  # fmt: skip
def test_numbers_as_parameters(client: Any, statement: str, number: str, message: str) -> None:
    assert refusal(client, statement, {"N": number}) == message
    for parameter in ({"L": [{"N": "1"}, {"N": number}]}, {"M": {"x": {"N": number}}}, {"NS": [number]}):
        assert refusal(client, statement, parameter) == message


@pytest.mark.parametrize("levels", [40, 100])
def test_the_first_thing_wrong_with_parameters_is_told(client: Any, levels: int) -> None:
    pair = "SELECT * FROM Two WHERE pk = 'a' AND x = ? AND y = ?"
    one = "SELECT * FROM Two WHERE pk = 'a' AND x = ?"
    bad: Any = {"N": "abc"}
    nested = deep(levels, {"S": "leaf"})
    assert refusal(client, pair, nested, bad) == NESTED
    assert refusal(client, pair, bad, nested) == f"{UNCONVERTIBLE}: abc"
    assert refusal(client, one, {"M": {"d": nested, "bad": bad}}) == NESTED
    assert refusal(client, one, {"M": {"bad": bad, "d": nested}}) == f"{UNCONVERTIBLE}: abc"
    assert refusal(client, one, deep(levels, bad)) == NESTED
    update = "UPDATE Two SET x = ? SET y = ? WHERE pk = 'a' AND sk = '1'"
    for parameters, message in (((nested, bad), NESTED), ((bad, nested), f"{UNCONVERTIBLE}: abc")):
        with pytest.raises(ClientError) as caught:
            client.execute_transaction(
                TransactStatements=[{"Statement": update, "Parameters": list(parameters)}]
            )
        assert caught.value.response["Error"]["Message"] == message
        (answer,) = client.batch_execute_statement(
            Statements=[{"Statement": update, "Parameters": list(parameters)}]
        )["Responses"]
        assert answer["Error"] == {"Code": "ValidationError", "Message": message}


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ("pk = 'a' AND NOT sk = '1'", "23"),
        ("pk = 'a' AND sk <> '1'", "23"),
        ("pk = 'a' AND NOT begins_with(sk, 'x')", "123"),
        ("pk = 'a' AND NOT sk IN ['1', '3']", "2"),
        ("pk = 'a' AND NOT sk > '5'", "123"),
        ("pk = 'a' AND NOT (sk = '1')", "23"),
        ("pk = 'a' AND sk = '1'", "12"),
        ("pk = 'b' AND x = '1'", "2"),
    ],
)
def test_branches_that_do_not_overlap(client: Any, left: str, expected: str) -> None:
    found = run(client, f"SELECT * FROM Two WHERE {left} OR pk = 'a' AND sk = '2'")
    assert "".join(sorted(item["sk"]["S"] for item in found)) == expected


@pytest.mark.parametrize("condition", ["x = '1'", "x <> '1'", "sk > '1'", "begins_with(sk, '2')"])
def test_branches_that_overlap_on_the_sort_key(client: Any, condition: str) -> None:
    statement = f"SELECT * FROM Two WHERE pk = 'a' AND {condition} OR pk = 'a' AND sk = '2'"
    assert refusal(client, statement) == (
        "Overlapping conditions with range keys are not supported in where clause"
    )


def test_a_bare_branch_beside_a_negated_one(client: Any) -> None:
    found = run(client, "SELECT * FROM Two WHERE pk = 'a' OR pk = 'a' AND NOT sk = '1'")
    assert "".join(sorted(item["sk"]["S"] for item in found)) == "123"


@pytest.fixture
def several(client: Any) -> Any:
    client.create_table(
        TableName="Mix",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("id", "g", "h1", "h2", "r1")
        ],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": name,
                "KeySchema": [
                    *({"AttributeName": key, "KeyType": "HASH"} for key in hashes),
                    {"AttributeName": "r1", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for name, hashes in (("single", ["g"]), ("multi", ["h1", "h2"]))
        ],
    )
    client.put_item(TableName="Mix", Item={name: {"S": name} for name in ("id", "g", "h1", "h2", "r1")})
    return client


@pytest.mark.parametrize(
    ("rest", "parameters", "message"),
    [
        ("WHERE h1 = 'h1' AND h2 = 'h2'", [], SEVERAL_KEYS),
        ("WHERE h1 = 'h1' AND h2 = 'h2' ORDER BY r1 DESC", [], SEVERAL_KEYS),
        ("WHERE h1 = 5", [], SEVERAL_KEYS),
        ("WHERE id = 'id'", [], SEVERAL_KEYS),
        ("", [], SEVERAL_KEYS),
        ("WHERE", [], f"{MALFORMED}Unexpected term"),
        ("WHERE h1 = 1e99999999999", [], MALFORMED),
        ("WHERE h1 = ?", [{"N": "1e99999999999"}], f"{UNCONVERTIBLE}: 1e99999999999"),
    ],
)
def test_an_index_with_several_keys_is_not_read(
    several: Any, rest: str, parameters: list[Any], message: str
) -> None:
    assert refusal(several, f'SELECT * FROM "Mix"."multi" {rest}', *parameters) == message


def test_the_rest_of_a_table_with_such_an_index_is(several: Any) -> None:
    assert len(run(several, "SELECT * FROM Mix WHERE id = 'id'")) == 1
    assert len(run(several, "SELECT * FROM Mix.single WHERE g = 'g'")) == 1
    assert run(several, "UPDATE Mix SET a = 1 WHERE id = 'id'") == []
    responses = several.batch_execute_statement(
        Statements=[
            {"Statement": f"SELECT * FROM {target}"}
            for target in ("Mix.single WHERE g = 'g'", "Mix.multi WHERE h1 = 'a'", "Mix WHERE id = 'id'")
        ]
    )["Responses"]
    whole = "must specify the primary key in the where clause."
    assert [response.get("Error", {}).get("Message") for response in responses] == [
        f"Select statements within BatchExecuteStatement {whole}",
        SEVERAL_KEYS,
        None,
    ]


ONLY_EMULATED = [
    ("SELECT m.sub, sub FROM Tab", "Duplicate identifiers in select clause: sub"),
    ("SELECT * FROM Tab LIMIT 5", "Unsupported clause: LIMIT"),
    ("SELECT * FROM Tab WHERE date = 'x'", f"{MALFORMED}Unexpected keyword"),
    ("INSERT INTO Tab <<{'pk': 'b'}, {'pk': 'c'}>>",
     "Unsupported operation: Inserting multiple items in a single statement is not supported, use "
     '"INSERT INTO tableName VALUE item" instead'),
    ("INSERT INTO Tab VALUE {'pk': 'b'} RETURNING ALL OLD *", "RETURNING is not supported in INSERT"),
    ("INSERT INTO Tab VALUE 'b'",
     "Unsupported format in item expression. Please use struct format {...} to express item values for "
     "insert statement."),
    ("INSERT INTO Tab VALUE {'pk': 'b', 'm': {'x': 1, 'x': 2}}",
     "Duplicate keys in tuple. Key: x under root"),
    ("INSERT INTO Tab VALUE {'pk': 'b', 's': <<'x', 1>>}",
     "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"),
    ('DELETE FROM "Mix"."single" WHERE g = \'g\'', "This operation is not supported on an index"),
    ("SELECT * FROM Tab WHERE s = MISSING", "MISSING must be compared using IS operator"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "message"), ONLY_EMULATED)
def test_the_words_of_the_emulator(client: Any, statement: str, message: str) -> None:
    assert refusal(client, statement) == message


@pytest.mark.parametrize("kind", ["SELECT * FROM Tab WHERE pk = 'a'", "DELETE FROM Tab WHERE pk = 'a'"])
def test_a_batch_names_no_item_twice(client: Any, kind: str) -> None:
    """As DynamoDB Local has it; there the statements before the second have been done."""
    with pytest.raises(ClientError) as caught:
        client.batch_execute_statement(Statements=[{"Statement": kind}, {"Statement": f"{kind};"}])
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert caught.value.response["Error"]["Message"] == "Provided list of item keys contains duplicates"
    assert stored(client) == ITEM


@pytest.mark.parametrize("key", [[{"L": []}], [{"S": ""}], [{"N": "1"}], [{"S": "x" * 3000}], []])
def test_a_batch_answers_a_key_that_no_item_can_have_in_its_place(client: Any, key: list[Any]) -> None:
    fields = "{'pk': ?, 'a': 1}" if key else "{'a': 1}"
    wrong: dict[str, Any] = {"Statement": f"INSERT INTO Tab VALUE {fields}"}
    if key:
        wrong["Parameters"] = key
    right = {"Statement": "INSERT INTO Tab VALUE {'pk': 'another'}"}
    responses = client.batch_execute_statement(Statements=[wrong, right])["Responses"]
    assert [answer.get("Error", {}).get("Code") for answer in responses] == ["ValidationError", None]
