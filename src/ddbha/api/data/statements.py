"""ExecuteStatement, BatchExecuteStatement and ExecuteTransaction.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from ddbha.api.access.authorization import authorize
from ddbha.api.access.policies import Policies
from ddbha.api.data.items import delete_item, put_item, update_item
from ddbha.api.data.keys import DUPLICATE_KEYS, NO_MATCH
from ddbha.api.data.queries import query_collections, scan
from ddbha.api.data.statement_plans import (
    NO_KEY,
    Write,
    item_of,
    item_read_plan,
    read_plan,
    refuse_several_keys,
    write_plan,
)
from ddbha.api.data.transactions import transact_get_items, transact_write
from ddbha.api.registry import Request, Response, operation
from ddbha.api.seals import Seals
from ddbha.errors import (
    AwsError,
    ConditionalCheckFailedException,
    DuplicateItemException,
    ResourceNotFoundException,
    TransactionCanceledException,
    ValidationException,
)
from ddbha.expressions.partiql.parser import parsed
from ddbha.expressions.partiql.syntax import (
    Delete,
    Exists,
    Insert,
    Parsed,
    Select,
    Update,
    check_parameters,
)
from ddbha.region.region import Region

_DUPLICATE = "Duplicate primary key exists in table"
_WRITES = {"Put": put_item, "Update": update_item, "Delete": delete_item}
#: Codes of single statements in a batch, where they are not those of the errors without `Exception`.
_CODES = {
    "ValidationException": "ValidationError",
    "ThrottlingException": "ThrottlingError",
}
_PURPOSE = "ExecuteStatement"
#: Bytes of a token that say which statement it is for.
_ASKED_SIZE = 32


@operation("ExecuteStatement")
def execute_statement(region: Region, request: Request) -> Response:
    """A page of what a SELECT finds, or one write."""
    statement = parsed(request["Statement"])
    if isinstance(statement.statement, Select):
        return _select(region, statement.statement, statement, request)
    response = _write(region, statement, request)
    attributes = response.pop("Attributes", None)
    return {**response, "Items": [attributes] if attributes else []}


@operation("BatchExecuteStatement")
def batch_execute_statement(region: Region, request: Request) -> Response:
    """Up to 25 reads or 25 writes of single items, each of which succeeds or fails for itself."""
    entries = request["Statements"]
    statements = [_parsed_or_error(entry["Statement"]) for entry in entries]
    _refuse_mixture("BatchExecuteStatement", statements)
    _refuse_duplicates(region, entries, statements)
    responses: list[dict[str, Any]] = []
    consumed: dict[str, dict[str, Any]] = {}
    wanted = request.get("ReturnConsumedCapacity", "NONE")
    for entry, statement in zip(entries, statements, strict=True):
        if isinstance(statement, ValidationException):
            responses.append({"Error": _error_of(statement)})
            continue
        try:
            if region.environment.parts.the(Policies).by_arn:
                authorize(region, "dynamodb", "ExecuteStatement", entry)
            answer = _single(region, statement, {**entry, "ReturnConsumedCapacity": wanted})
        except AwsError as error:
            told = _error_of(error)
            named = {} if told["Code"] == "ValidationError" else {"TableName": _table_name(statement)}
            responses.append({**named, "Error": told})
            continue
        used = answer.pop("ConsumedCapacity", None)
        if used is not None:
            name = used["TableName"]
            consumed[name] = _sum(consumed[name], used) if name in consumed else used
        responses.append({"TableName": _table_name(statement), **answer})
    response: Response = {"Responses": responses}
    if wanted != "NONE":
        response["ConsumedCapacity"] = list(consumed.values())
    return response


@operation("ExecuteTransaction")
def execute_transaction(region: Region, request: Request) -> Response:
    """Up to 100 reads, or 100 writes and checks, all or none of them."""
    entries = request["TransactStatements"]
    statements = []
    for position, entry in enumerate(entries):
        try:
            statement = parsed(entry["Statement"])
            _refuse_in_transaction(statement)
        except ValidationException as error:
            raise _invalid(position, error) from None
        statements.append(statement)
    _refuse_mixture("ExecuteTransaction", statements)
    for entry in entries:
        # Unlike what is wrong with a statement, this is told without its number.
        check_parameters(entry.get("Parameters", ()))
    reasons: list[dict[str, Any]] = []
    actions: list[dict[str, Request]] = []
    for position, (entry, statement) in enumerate(zip(entries, statements, strict=True)):
        try:
            actions.append(_action(region, statement, entry))
            reasons.append({"Code": "None"})
        except ResourceNotFoundException as error:
            reasons.append({"Code": "ResourceNotFound", "Message": error.message})
        except ValidationException as error:
            if error.message != NO_KEY:
                raise _invalid(position, error) from None
            reasons.append({"Code": "ValidationError", "Message": NO_MATCH})
    if len(actions) < len(entries):
        raise TransactionCanceledException(reasons)
    wanted = {**request, "TransactItems": actions}
    if isinstance(statements[0].statement, Select):
        return transact_get_items(region, wanted)
    try:
        response = transact_write(region, wanted, "TransactStatements")
    except TransactionCanceledException as error:
        raise _with_duplicates(error, statements) from None
    return {**response, "Responses": []}


def _select(region: Region, select: Select, statement: Parsed, request: Request) -> Response:
    values = statement.values(request.get("Parameters", ()))
    plan = read_plan(region, select, values)
    for member in ("ConsistentRead", "Limit", "ReturnConsumedCapacity"):
        if member in request:
            plan.request[member] = request[member]
    if "NextToken" in request:
        plan.request["ExclusiveStartKey"] = _read_token(region, request)
    if plan.collections is None:
        found = scan(region, plan.request)
    else:
        found = query_collections(region, plan.request, plan.collections)
    response: Response = {"Items": found["Items"]}
    if "LastEvaluatedKey" in found:
        response["LastEvaluatedKey"] = found["LastEvaluatedKey"]
        response["NextToken"] = _token(region, request, found["LastEvaluatedKey"])
    if "ConsumedCapacity" in found:
        response["ConsumedCapacity"] = found["ConsumedCapacity"]
    return response


def _write(region: Region, statement: Parsed, request: Request) -> Response:
    parameters = request.get("Parameters", ())
    if isinstance(statement.statement, Exists):
        raise ValidationException("EXISTS can only be used in ExecuteTransaction write requests.")
    plan = write_plan(region, statement, statement.values(parameters), parameters)
    for member in ("ReturnConsumedCapacity", "ReturnValuesOnConditionCheckFailure"):
        if member in request:
            plan.request[member] = request[member]
    try:
        return _WRITES[plan.kind](region, plan.request)
    except ConditionalCheckFailedException as error:
        if plan.kind == "Put":
            raise DuplicateItemException(_DUPLICATE, **error.fields) from None
        raise


def _single(region: Region, statement: Parsed, request: Request) -> Response:
    """The answer to one statement of a batch."""
    select = statement.statement
    if not isinstance(select, Select):
        response = _write(region, statement, request)
        attributes = response.pop("Attributes", None)
        return {**response, "Item": attributes} if attributes else response
    values = statement.values(request.get("Parameters", ()))
    refuse_several_keys(region, select)
    found = item_read_plan(region, select, values)
    if found is None or found[1] or select.index is not None:
        raise ValidationException(
            "Select statements within BatchExecuteStatement must specify the primary key in the where "
            "clause."
        )
    response = _select(region, select, statement, request)
    items = response.pop("Items")
    return {**response, "Item": items[0]} if items else response


def _action(region: Region, statement: Parsed, entry: Request) -> dict[str, Request]:
    """The entry of TransactItems that a statement stands for."""
    parameters: Sequence[Any] = entry.get("Parameters", ())
    values = statement.values(parameters)
    select = statement.statement
    if isinstance(select, Select):
        found = item_read_plan(region, select, values)
        if found is None or found[1]:
            raise ValidationException(
                "Select statements within ExecuteTransaction must specify the primary key in the where "
                "clause."
            )
        return {"Get": found[0]}
    plan: Write = write_plan(region, statement, values, parameters)
    if "ReturnValuesOnConditionCheckFailure" in entry:
        plan.request["ReturnValuesOnConditionCheckFailure"] = entry["ReturnValuesOnConditionCheckFailure"]
    return {plan.kind: plan.request}


def _refuse_in_transaction(statement: Parsed) -> None:
    wanted = statement.statement
    if isinstance(wanted, Update | Delete) and wanted.returning != "NONE":
        raise ValidationException("RETURNING clause is not supported in ExecuteTransaction.")
    if isinstance(wanted, Select) and wanted.index is not None:
        raise ValidationException("Reads on indices are not supported within transactions.")


def _refuse_mixture(name: str, statements: Sequence[Parsed | ValidationException]) -> None:
    kinds = {isinstance(s.statement, Select) for s in statements if isinstance(s, Parsed)}
    if len(kinds) > 1:
        raise ValidationException(
            f"{name} API does not support both read and write operations in the same request."
        )


def _refuse_duplicates(
    region: Region, entries: Sequence[Request], statements: Sequence[Parsed | ValidationException]
) -> None:
    named = set()
    for entry, statement in zip(entries, statements, strict=True):
        if isinstance(statement, ValidationException):
            continue
        try:
            item = item_of(region, statement, entry.get("Parameters", ()))
        except AwsError:
            # The statement itself answers with it.
            continue
        if item is not None and item in named:
            raise ValidationException(DUPLICATE_KEYS)
        named.add(item)


def _invalid(position: int, error: ValidationException) -> ValidationException:
    return ValidationException(f"Validation failed in TransactStatements[{position}]: {error.message}")


def _with_duplicates(
    error: TransactionCanceledException, statements: Sequence[Parsed]
) -> TransactionCanceledException:
    """The error with the reasons of INSERT statements as PartiQL calls them."""
    reasons = [
        {**reason, "Code": "DuplicateItem", "Message": _DUPLICATE}
        if reason["Code"] == "ConditionalCheckFailed" and isinstance(statement.statement, Insert)
        else reason
        for reason, statement in zip(error.fields["CancellationReasons"], statements, strict=True)
    ]
    return TransactionCanceledException(reasons)


def _parsed_or_error(text: str) -> Parsed | ValidationException:
    try:
        return parsed(text)
    except ValidationException as error:
        return error


def _error_of(error: AwsError) -> dict[str, Any]:
    code = _CODES.get(error.code, error.code.removesuffix("Exception"))
    told: dict[str, Any] = {"Code": code, "Message": error.message}
    if "Item" in error.fields:
        told["Item"] = error.fields["Item"]
    return told


def _table_name(statement: Parsed) -> str:
    wanted = statement.statement
    return wanted.select.table if isinstance(wanted, Exists) else wanted.table


def _sum(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The consumption of two statements on one table."""
    total = dict(one)
    for member, value in other.items():
        if isinstance(value, dict):
            total[member] = _sum(total.get(member, {}), value)
        elif isinstance(value, float):
            total[member] = total.get(member, 0.0) + value
    return total


def _token(region: Region, request: Request, key: dict[str, Any]) -> str:
    """Where the next page of this very statement begins, as text that only this module reads."""
    content = json.dumps({name: _plain(value) for name, value in key.items()}).encode()
    sealed = region.environment.parts.the(Seals).sealed(_PURPOSE, _asked(request) + content)
    return urlsafe_b64encode(sealed).decode()


def _read_token(region: Region, request: Request) -> dict[str, Any]:
    try:
        sealed = b64decode(request["NextToken"], altchars=b"-_", validate=True)
    except ValueError:
        # Also what is no base64, and no ASCII.
        raise ValidationException("Invalid NextToken") from None
    opened = region.environment.parts.the(Seals).opened(_PURPOSE, sealed)
    if opened is None:
        raise ValidationException("Invalid NextToken")
    if opened[:_ASKED_SIZE] != _asked(request):
        raise ValidationException("NextToken does not match request")
    key: dict[str, Any] = json.loads(opened[_ASKED_SIZE:])
    return {name: {"B": b64decode(value["B"])} if "B" in value else value for name, value in key.items()}


def _plain(value: dict[str, Any]) -> dict[str, str]:
    """The value of a key attribute as JSON has it."""
    return {"B": b64encode(value["B"]).decode()} if "B" in value else value


def _asked(request: Request) -> bytes:
    asked = repr((request["Statement"], request.get("Parameters", ())))
    return sha256(asked.encode("utf-8", "surrogatepass")).digest()
