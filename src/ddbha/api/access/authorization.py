"""Whether a request may be answered, by the policies of what it is about, and in whose region.

An account may do everything to its own tables and streams that no policy denies, and to those of another
account only what a policy allows.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-iam-actions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ddbha.api.access.policies import Access, Policies
from ddbha.api.registry import Request
from ddbha.api.seals import Seals
from ddbha.api.shard_iterators import ShardIterator
from ddbha.errors import ValidationException
from ddbha.region.region import Region, not_allowed

#: Operations take a table's ARN with any partition of AWS in it, but policies know it by one.
_ARN = re.compile(
    r"arn:aws[^:]*(?P<policied>:dynamodb:(?P<region>[^:]+):(?P<account>[^:]+):table/[^/]+"
    r"(?:/stream/[^/]+)?)(?P<rest>.*)",
    re.DOTALL,
)
#: The members that name a table, by its name or its ARN.
_TABLES = ("TableName", "TableArn", "SourceTableName", "SourceTableArn")
#: What AWS asks no policy of a table for: lists of an account, and a table that is only to be made.
_OF_NO_TABLE = frozenset(
    {
        "CreateTable",
        "ListBackups",
        "ListContributorInsights",
        "ListExports",
        "ListImports",
        "ListStreams",
    }
)
#: What answers for other accounts itself: nobody but the owner may do it.
_OWNERS_ONLY = frozenset({"PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"})
#: What a policy can allow to other accounts.
CROSS_ACCOUNT = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "ConditionCheckItem",
        "DeleteItem",
        "DeleteTable",
        "DescribeStream",
        "DescribeTable",
        "GetItem",
        "GetRecords",
        "GetShardIterator",
        "ListTagsOfResource",
        "PutItem",
        "Query",
        "Scan",
        "TagResource",
        "UntagResource",
        "UpdateItem",
        "UpdateTable",
    }
)
_TRANSACTION_ACTIONS = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}


def authorize(region: Region, service: str, operation: str, request: Request) -> Region:
    """The region, of the caller or of another account, in which the request is answered.

    Raises `AccessDeniedException` for what a policy denies, and for what none allows of another account.
    """
    admitted = set()
    answering = region
    single = "RequestItems" not in request and "TransactItems" not in request
    for action, resource in _accesses(region, service, operation, request):
        match = _ARN.fullmatch(resource)
        if match is None or match["region"] != region.name:
            # The operation says what is wrong with it.
            continue
        account, policied = match["account"], f"arn:aws{match['policied']}"
        resource = policied + match["rest"]
        policy = region.environment.parts.the(Policies).by_arn.get(policied)
        access = Access(region.account_id, f"dynamodb:{action}", resource, region.name)
        decision = None if policy is None else policy.decide(access)
        if account == region.account_id:
            # Nobody locks the root of an account out of its own resources for good.
            if decision is False and action != "DeleteResourcePolicy":
                raise access.denied()
        elif operation not in _OWNERS_ONLY:
            if decision is False:
                raise access.denied()
            if decision is None or action not in CROSS_ACCOUNT:
                raise not_allowed(region.account_id, action, resource)
            admitted.add(policied)
            owner = region.regions.of(account, region.name)
            if single:
                answering = owner
    region.environment.admitted = frozenset(admitted)
    return answering


def _accesses(
    region: Region, service: str, operation: str, request: Request
) -> Iterator[tuple[str, str]]:
    """What a request does to which tables, indexes and streams."""
    for name in request.get("RequestItems", ()):
        yield operation, _table_arn(region, name)
    for entry in request.get("TransactItems", ()):
        for kind, body in entry.items():
            yield _TRANSACTION_ACTIONS[kind], _table_arn(region, body["TableName"])
    # The statements of a batch are admitted one by one, each with an error of its own.
    statements = [request] if operation == "ExecuteStatement" else request.get("TransactStatements", ())
    for entry in statements:
        yield from _statement_access(region, entry["Statement"])
    if operation in _OF_NO_TABLE:
        return
    for member in _TABLES:
        if member in request:
            arn = _table_arn(region, request[member])
            index = request.get("IndexName")
            yield operation, arn if index is None else f"{arn}/index/{index}"
    if "ResourceArn" in request:
        yield operation, request["ResourceArn"]
    if service == "dynamodbstreams":
        yield from ((operation, arn) for arn in _stream_arns(region, request))


def _statement_access(region: Region, text: str) -> Iterator[tuple[str, str]]:
    """What a PartiQL statement does to which table or index; nothing if it is none."""
    from ddbha.expressions.partiql.parser import parsed
    from ddbha.expressions.partiql.syntax import Exists, Select

    try:
        statement = parsed(text).statement
    except ValidationException:
        # The operation says so itself.
        return
    if isinstance(statement, Exists):
        statement = statement.select
    arn = _table_arn(region, statement.table)
    index = statement.index if isinstance(statement, Select) else None
    yield f"PartiQL{type(statement).__name__}", arn if index is None else f"{arn}/index/{index}"


def _stream_arns(region: Region, request: dict[str, Any]) -> Iterator[str]:
    if "StreamArn" in request:
        yield request["StreamArn"]
    if "ShardIterator" in request:
        try:
            seals = region.environment.parts.the(Seals)
            yield ShardIterator.read(request["ShardIterator"], seals).stream_arn
        except ValidationException:
            # The operation says so itself.
            return


def _table_arn(region: Region, name: str) -> str:
    return name if name.startswith("arn:") else region.table_arn(name)
