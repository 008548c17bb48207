"""What is an expression and what is none, through a real client.

The grammar is that of AWS's client for DAX (aws-dax-js-sdk, grammar/DynamoDbGrammar.g4 and Tokens.g4).
The messages are those that dynalite's tests and ScyllaDB's test/alternator record from AWS, unless a line
says something else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import on_demand

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY: Any = {"pk": {"S": "a"}, "sk": {"N": "1"}}
ITEM: dict[str, Any] = {
    **KEY,
    "n": {"N": "5"},
    "b": {"N": "7"},
    "flag": {"BOOL": True},
    "tags": {"SS": ["x"]},
    "l": {"L": [{"S": "zero"}]},
    "m": {"M": {"deep": {"N": "1"}}},
    "word": {"S": "é𝄞"},
}
VALUES: dict[str, Any] = {
    ":p": {"S": "a"},
    ":v": {"N": "2"},
    ":w": {"N": "9"},
    ":s": {"S": "text"},
    ":l": {"L": [{"S": "one"}]},
    ":t": {"BOOL": True},
    ":set": {"SS": ["x"]},
}


@pytest.fixture(scope="module")
def client() -> DynamoDBClient:
    client = ddbha.World(clock=ddbha.ManualClock()).client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="tab", **on_demand("pk", "sk:N"))
    return client


@pytest.fixture(autouse=True)
def item(client: DynamoDBClient) -> None:
    client.put_item(TableName="tab", Item=ITEM)


def used(text: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
    values = VALUES if values is None else values
    found = {name: value for name, value in values.items() if re.search(rf"{name}\b", text)}
    return {"ExpressionAttributeValues": found} if found else {}


def updated(client: DynamoDBClient, text: str, **options: Any) -> dict[str, Any]:
    return client.update_item(
        TableName="tab", Key=KEY, UpdateExpression=text, ReturnValues="ALL_NEW", **used(text), **options
    )["Attributes"]


def matches(client: DynamoDBClient, text: str, **options: Any) -> bool:
    return bool(client.scan(TableName="tab", FilterExpression=text, **used(text), **options)["Count"])


def refused(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **options)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    return caught.value.response["Error"]["Message"].removeprefix("1 validation error detected: ")


@pytest.mark.parametrize(
    ("text", "attribute", "expected"),
    [
        ("SET n = (n - :v)", "n", {"N": "3"}),
        ("SET n = (n) + (b)", "n", {"N": "12"}),
        ("SET n = ((n) + (b))", "n", {"N": "12"}),
        ("SET n = (:v)", "n", {"N": "2"}),
        # As ElectroDB writes it.
        ("SET fresh = (if_not_exists(fresh, :v) + :w)", "fresh", {"N": "11"}),
        ("SET n = if_not_exists(n, (:v))", "n", {"N": "5"}),
        (
            "SET l = list_append((if_not_exists((l), :l)), (:l))",
            "l",
            {"L": [{"S": "zero"}, {"S": "one"}]},
        ),
        ("set n = n add b :v remove tags", "b", {"N": "9"}),
    ],
)
def test_operands_of_updates_may_be_in_parentheses(
    client: DynamoDBClient, text: str, attribute: str, expected: Any
) -> None:
    assert updated(client, text)[attribute] == expected


@pytest.mark.parametrize(
    "text",
    [
        "(n) BETWEEN (:v) AND (b)",
        "(n) IN ((b), (:v), n2) OR (n) = (n2) OR (n < b)",
        "((n) = :v) OR (size(tags) < :v)",
        "(size((tags))) < (:v)",
        "NOT (NOT (attribute_exists(n)))",
        "(attribute_exists((n)) AND (NOT flag <> :t))",
        "contains((tags), (pk)) OR (begins_with((pk), (:p)))",
    ],
)
def test_operands_of_conditions_may_be_in_parentheses(client: DynamoDBClient, text: str) -> None:
    assert matches(client, text)


@pytest.mark.parametrize(
    "text",
    ["((n = :v))", "((n)) = :v", "(n) = ((:v))", "((attribute_exists(n)))", "n = :v OR ((b = :v))"],
)
def test_two_pairs_of_parentheses_around_one_thing(client: DynamoDBClient, text: str) -> None:
    said = "Invalid FilterExpression: The expression has redundant parentheses;"
    assert refused(matches, client, text) == said


@pytest.mark.parametrize("text", ["SET n = ((n + :v))", "SET n = ((n)) + :v", "SET n = ((:v))"])
def test_two_pairs_of_parentheses_in_an_update(client: DynamoDBClient, text: str) -> None:
    said = "Invalid UpdateExpression: The expression has redundant parentheses;"
    assert refused(updated, client, text) == said


@pytest.mark.parametrize(
    "text",
    [
        "(pk = :p) AND (sk < :v)",
        "((pk = :p) AND (sk < :v))",
        "(pk = :p AND sk BETWEEN (:one) AND (:v))",
        "(pk) = (:p)",
        "sk < :v AND (:p = pk)",
    ],
)
def test_key_conditions_in_parentheses(client: DynamoDBClient, text: str) -> None:
    values = used(text, {**VALUES, ":one": {"N": "1"}})
    assert client.query(TableName="tab", KeyConditionExpression=text, **values)["Count"] == 1


def test_nesting_is_bounded_by_the_number_of_operators(client: DynamoDBClient) -> None:
    deep = "n = :w"
    for _ in range(149):
        deep = f"({deep} OR n = :w)"
    assert not matches(client, deep)
    assert matches(client, "(NOT " * 140 + "(n = :w OR n <> :w)" + ")" * 140)
    assert "too many operators; operator count: 301" in refused(matches, client, f"({deep} OR n = :w)")


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        # https://github.com/awsdocs/aws-doc-sdk-examples and many reports have `token: "!", near: "!!"`.
        ("!!!", "!", "!!"),
        ("n = !", "!", "= !"),
        ("n ! :v", "!", "n ! :v"),
        ("n = :v AND", "<EOF>", "AND"),
        ("(n = :v", "<EOF>", ":v"),
        ("n = :v)", ")", ":v)"),
        ("(n)", "<EOF>", ")"),
        # Names begin with letters, unless they have a placeholder.
        ("_n = :v", "_", "_n"),
        ("_f(n)", "_", "_f"),
        ("n = #", "#", "= #"),
        ("l[01] = :v", "1", "01]"),
        ("l[:v] = :v", ":v", "[:v]"),
        ("n = :v + :v", "+", ":v + :v"),
        ("AND = :v", "AND", "AND ="),
        ("n BETWEEN :v OR :w", "OR", ":v OR :w"),
        ("n = 'x'", "'", "= 'x"),
        ("n = :v\u00a0", "\u00a0", ":v\u00a0"),
        # The whole text is read before names and functions are looked at.
        ("size = :v AND f(n) =", "<EOF>", "="),
    ],
)
def test_syntax_errors_name_the_token_and_those_beside_it(
    client: DynamoDBClient, text: str, token: str, near: str
) -> None:
    said = f'Invalid FilterExpression: Syntax error; token: "{token}", near: "{near}"'
    assert refused(matches, client, text) == said


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        # dynamodb-conformance, tests/tier3/error-messages/updateItem.test.ts
        ("INVALID SYNTAX HERE", "INVALID", "INVALID SYNTAX"),
        ("SET _n = :v", "_", "SET _n"),
        ("SET n = :v + :v + :w", "+", ":v + :w"),
        ("SET n = (n + :v) + :w", "+", ") + :w"),
        ("SET n = if_not_exists(n, :v + :w)", "+", ":v + :w"),
        ("ADD n (:v)", "(", "n (:v"),
        ("SET n", "<EOF>", "n"),
    ],
)
def test_syntax_errors_of_updates(client: DynamoDBClient, text: str, token: str, near: str) -> None:
    said = f'Invalid UpdateExpression: Syntax error; token: "{token}", near: "{near}"'
    assert refused(updated, client, text) == said


_MISUSED = "The function is not allowed to be used this way in an expression; function: "
_COUNT = "Incorrect number of operands for operator or function; operator or function: "
_TYPE = "Incorrect operand type for operator or function; operator or function: "
_CLAUSE = "Incorrect operand type for operator or function; operator: "
_SAME = (
    "The first operand must be distinct from the remaining operands for this operator or function; "
    "operator: "
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("f(n)", "Invalid function name; function: f"),
        ("SIZE(n) = :v", "Invalid function name; function: SIZE"),
        (
            "if_not_exists(n, :v) = :v",
            "The function is not allowed in a condition expression; function: if_not_exists",
        ),
        ("size(n)", f"{_MISUSED}size"),
        ("n = attribute_exists(n)", f"{_MISUSED}attribute_exists"),
        ("contains(tags, begins_with(n, :v))", f"{_MISUSED}begins_with"),
        ("size(size(n)) = :v", f"{_TYPE}size, operand type: N"),
        ("begins_with(size(n), :s)", f"{_TYPE}begins_with, operand type: N"),
        ("contains(n)", f"{_COUNT}contains, number of operands: 1"),
        ("contains(tags, tags)", f"{_SAME}contains, first operand: [tags]"),
        ("begins_with(m.deep, m.deep)", f"{_SAME}begins_with, first operand: [m, deep]"),
        ("n <> (n)", f"{_SAME}<>, first operand: [n]"),
        ("l[0] BETWEEN b AND l[0]", f"{_SAME}BETWEEN, first operand: [l, [0]]"),
        ("n IN (b, n)", f"{_SAME}IN, first operand: [n]"),
        (
            "attribute_exists(:v)",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "attribute_type(n, b)",
            f"{_TYPE}attribute_type, operand type: {{NS,SS,L,BS,N,M,B,BOOL,NULL,S}}",
        ),
        ("attribute_type(n, :v)", f"{_TYPE}attribute_type, operand type: N"),
        ("l[2147483648] = :v", "List index is not within the allowable range; index: [2147483648]"),
        (
            "l[99999999999999] = :v",
            "List index is not within the allowable range; index: [99999999999999]",
        ),
        # Of several faults: names and functions first, then the first one in the order of the text.
        ("n < :t AND size = :v", "Attribute name is a reserved keyword; reserved keyword: size"),
        ("n < :t AND #x = :v", f"{_TYPE}<, operand type: BOOL"),
        (
            "#x = :v AND n < :t",
            "An expression attribute name used in the document path is not defined; attribute name: #x",
        ),
        (
            "n = :none AND n < :t",
            "An expression attribute value used in expression is not defined; attribute value: :none",
        ),
        ("n < :t AND n = :none", f"{_TYPE}<, operand type: BOOL"),
    ],
)
def test_names_functions_and_operands_of_conditions(client: DynamoDBClient, text: str, said: str) -> None:
    assert refused(matches, client, text) == f"Invalid FilterExpression: {said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SET n = f(n)", "Invalid function name; function: f"),
        ("SET n = size(n)", "The function is not allowed in an update expression; function: size"),
        ("SET l = list_append(list_append(:l, :l), :l)", f"{_MISUSED}list_append"),
        ("SET l = list_append(:l)", f"{_COUNT}list_append, number of operands: 1"),
        ("SET l = list_append(l, :s)", f"{_TYPE}list_append, operand type: S"),
        ("SET n = n + list_append(l, :l)", f"{_TYPE}+, operand type: L"),
        (
            "SET n = if_not_exists(:v, :w)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
        (
            "SET l[99999999999999] = :v",
            "List index is not within the allowable range; index: [99999999999999]",
        ),
        (
            "REMOVE l[99999999999999]",
            "List index is not within the allowable range; index: [99999999999999]",
        ),
        # As users of dynamoid and zio-dynamodb report them: types in full, and the set of those allowed.
        (
            "ADD n :s",
            f"{_CLAUSE}ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND",
        ),
        (
            "ADD n :t",
            f"{_CLAUSE}ADD, operand type: BOOLEAN, typeSet: ALLOWED_FOR_ADD_OPERAND",
        ),
        (
            "DELETE n :v",
            f"{_CLAUSE}DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND",
        ),
        (
            "SET a = :none, a.b = :v",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
            "path one: [a], path two: [a, b]",
        ),
    ],
)
def test_names_functions_and_operands_of_updates(client: DynamoDBClient, text: str, said: str) -> None:
    assert refused(updated, client, text) == f"Invalid UpdateExpression: {said}"


def test_a_list_index_that_no_list_can_have_in_a_projection(client: DynamoDBClient) -> None:
    said = refused(client.get_item, TableName="tab", Key=KEY, ProjectionExpression="n, l[99999999999999]")
    assert said == (
        "Invalid ProjectionExpression: List index is not within the allowable range; "
        "index: [99999999999999]"
    )


def test_the_size_of_a_string_is_counted_in_units_of_utf_16(client: DynamoDBClient) -> None:
    # The developer guide says "the length of the string": AWS counts as Java does.
    three: Any = {"ExpressionAttributeValues": {":three": {"N": "3"}}}
    assert client.scan(TableName="tab", FilterExpression="size(word) = :three", **three)["Count"] == 1
    statement = "SELECT * FROM tab WHERE size(word) = 3"
    assert len(client.execute_statement(Statement=statement)["Items"]) == 1


def test_elements_beyond_the_end_are_appended_in_the_order_of_their_indexes(
    client: DynamoDBClient,
) -> None:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
    # "If you add multiple elements in a single SET operation, the elements are sorted in order by element
    # number."
    found = updated(client, "SET l[9] = :v, l[5] = :w, l[3] = :s")["l"]
    assert found == {"L": [{"S": "zero"}, {"S": "text"}, {"N": "9"}, {"N": "2"}]}


def test_a_set_that_is_emptied_leaves_its_list_when_all_indexes_have_been_read(
    client: DynamoDBClient,
) -> None:
    client.put_item(TableName="tab", Item={**ITEM, "l": {"L": [{"SS": ["x"]}, {"S": "b"}, {"S": "c"}]}})
    found = updated(client, "DELETE l[0] :set SET l[1] = :v REMOVE l[2]")["l"]
    assert found == {"L": [{"N": "2"}]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "pk > sk",
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
        ),
        (
            "begins_with(pk, sk)",
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
        ),
        (
            ":p BETWEEN :p AND pk",
            "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute "
            "as its first operand",
        ),
        (":p = :p", "Invalid condition in KeyConditionExpression: No key attribute specified"),
        ("pk = :p OR sk = :v", "Invalid operator used in KeyConditionExpression: OR"),
        ("NOT pk = :p", "Invalid operator used in KeyConditionExpression: NOT"),
        ("pk IN (:p)", "Invalid operator used in KeyConditionExpression: IN"),
        ("pk <> :p", "Invalid operator used in KeyConditionExpression: <>"),
        ("contains(pk, :p)", "Invalid operator used in KeyConditionExpression: contains"),
        ("size(pk) > :v", "KeyConditionExpressions cannot contain nested operations"),
        ("pk.a = :p", "KeyConditionExpressions cannot have conditions on nested attributes"),
        # dynamodb-conformance, tests/tier3/error-messages/queryKeyConditionOperands.test.ts
        (
            "pk = :p AND sk > :v AND sk < :w",
            "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per "
            "key",
        ),
    ],
)
def test_what_is_no_key_condition(client: DynamoDBClient, text: str, said: str) -> None:
    # None of it depends on the table.
    assert refused(client.query, TableName="none", KeyConditionExpression=text, **used(text)) == said


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (
            {"ExpressionAttributeNames": {"#x": "x"}},
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}",
        ),
        (
            {"ExpressionAttributeValues": {":x": {"N": "1"}}},
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}",
        ),
        ({"FilterExpression": ""}, "Invalid FilterExpression: The expression can not be empty;"),
    ],
)
def test_other_faults_come_before_that_of_a_key_condition(
    client: DynamoDBClient, members: dict[str, Any], said: str
) -> None:
    assert refused(client.query, TableName="tab", KeyConditionExpression="pk > sk", **members) == said


@pytest.mark.parametrize("text", ["pk = :e", "pk = :p AND sk = :e", "pk = :p AND begins_with(sk, :e)"])
@pytest.mark.parametrize(("kind", "empty", "called"), [("S", "", "string"), ("B", b"", "binary")])
def test_keys_are_not_compared_with_what_is_empty(
    client: DynamoDBClient, text: str, kind: Any, empty: Any, called: str
) -> None:
    # The message is the one of an empty key in an item (dynamodb-conformance, tests/tier3).
    name = f"empty-{called}"
    if name not in client.list_tables()["TableNames"]:
        client.create_table(TableName=name, **on_demand(f"pk:{kind}", f"sk:{kind}"))
    full = "a" if kind == "S" else b"a"
    values: Any = used(text, {":p": {kind: full}, ":e": {kind: empty}})
    attribute = "sk" if "sk" in text else "pk"
    said = (
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
        f"contain an empty {called} value. Key: {attribute}"
    )
    assert refused(client.query, TableName=name, KeyConditionExpression=text, **values) == said
    conditions: Any = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{kind: full}]}}
    conditions[attribute] = {"ComparisonOperator": "EQ", "AttributeValueList": [{kind: empty}]}
    assert refused(client.query, TableName=name, KeyConditions=conditions) == said


@pytest.mark.parametrize("text", ["REMOVE n", "REMOVE m.deep, l[3]", "DELETE tags :set REMOVE n"])
def test_to_take_something_from_no_item_makes_none(client: DynamoDBClient, text: str) -> None:
    key: Any = {"pk": {"S": "none"}, "sk": {"N": "0"}}
    arguments: Any = {"Key": key, "UpdateExpression": text, **used(text)}
    for wanted in ("ALL_NEW", "ALL_OLD", "UPDATED_NEW", "UPDATED_OLD"):
        answer = client.update_item(TableName="tab", ReturnValues=wanted, **arguments)
        assert "Attributes" not in answer
    update: Any = {"Update": {"TableName": "tab", **arguments}}
    client.transact_write_items(TransactItems=[update])
    assert "Item" not in client.get_item(TableName="tab", Key=key)
