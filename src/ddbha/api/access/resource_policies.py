"""PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html
"""

from __future__ import annotations

import re

from attrs import evolve

from ddbha.api.access.policies import Access, Policies, Policy
from ddbha.api.access.replication import review_replication
from ddbha.api.registry import Request, Response, operation
from ddbha.api.wire.model import service_model
from ddbha.errors import (
    AccessDeniedException,
    PolicyNotFoundException,
    ResourceInUseException,
    ResourceNotFoundException,
    ThrottlingException,
    ValidationException,
)
from ddbha.region.region import Region, utc
from ddbha.region.table import Table

#: What a revision id says where no policy is expected.
NO_POLICY = "NO_POLICY"

_INVALID = "One or more parameter values were invalid: "
_NOT_FOUND = "Resource-based policy not found for the provided ResourceArn: "
_ARN = re.compile(r"arn:(?P<partition>[^:]*):dynamodb:([^:]*):([^:]*):table/([^/]+)(?:/(.+))?")
#: Actions that are not called like an operation of the tables' service, and operations that are no action
#: of a resource.
_MORE_ACTIONS = ("ConditionCheckItem", "DescribeStream", "GetRecords", "GetShardIterator")
_REPLICATION_ACTIONS = (
    "AssociateTableReplica",
    "CreateTableReplica",
    "DeleteTableReplica",
    "DisassociateTableReplica",
    "ReadDataForReplication",
    "ReplicateSettings",
    "WriteDataForReplication",
)
_PARTIQL_ACTIONS = ("PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate")
_NO_ACTIONS = ("CreateTable", "ListTables", "DescribeLimits", "DescribeEndpoints")


@operation("PutResourcePolicy")
def put_resource_policy(region: Region, request: Request) -> Response:
    """Attach a policy to a table or a stream; an equivalent one changes nothing."""
    arn = request["ResourceArn"]
    table = _table_of(region, arn)
    policy = read_policy(request["Policy"])
    access = Access(region.account_id, "dynamodb:PutResourcePolicy", arn, region.name)
    if policy.decide(access) is False and not request.get("ConfirmRemoveSelfResourceAccess"):
        raise AccessDeniedException(
            "The new resource policy will not allow you to update the resource policy in the future."
        )
    _check_revision(region, arn, table, request.get("ExpectedRevisionId"))
    current = _policies(region).by_arn.get(arn)
    if current is not None and current.text == policy.text:
        return {"RevisionId": current.revision_id}
    _refuse_soon(region, arn, table)

    revision_id = _revision_id(region, arn)
    _policies(region).by_arn[arn] = evolve(policy, revision_id=revision_id)
    _policies(region).changes[arn] = revision_id
    review_replication(region, table)
    return {"RevisionId": revision_id}


@operation("GetResourcePolicy")
def get_resource_policy(region: Region, request: Request) -> Response:
    """The policy of a table or a stream."""
    arn = request["ResourceArn"]
    _table_of(region, arn)
    policy = _policies(region).by_arn.get(arn)
    if policy is None:
        raise PolicyNotFoundException(_NOT_FOUND + arn)
    return {"Policy": policy.shown(), "RevisionId": policy.revision_id}


@operation("DeleteResourcePolicy")
def delete_resource_policy(region: Region, request: Request) -> Response:
    """Remove the policy of a table or a stream; where there is none, nothing happens."""
    arn = request["ResourceArn"]
    table = _table_of(region, arn)
    _check_revision(region, arn, table, request.get("ExpectedRevisionId"))
    policy = _policies(region).by_arn.get(arn)
    if policy is None:
        deleted = _policies(region).changes.get(arn)
        return {} if deleted is None else {"RevisionId": deleted}
    _refuse_soon(region, arn, table)
    _policies(region).changes[arn] = _revision_id(region, arn)
    del _policies(region).by_arn[arn]
    review_replication(region, table)
    return {"RevisionId": policy.revision_id}


def read_policy(text: str) -> Policy:
    """The policy that a document describes; `ValidationException` if it is none."""
    names = {
        *service_model("dynamodb").operation_names,
        *_MORE_ACTIONS,
        *_PARTIQL_ACTIONS,
        *_REPLICATION_ACTIONS,
    }
    return Policy.read(text, names.difference(_NO_ACTIONS))


def attach_policy(region: Region, table: Table, policy: Policy) -> None:
    """Give a new table its policy."""
    revision_id = _revision_id(region, table.arn)
    _policies(region).by_arn[table.arn] = evolve(policy, revision_id=revision_id)
    _policies(region).changes[table.arn] = revision_id


def forget_policies(region: Region, table: Table) -> None:
    """A table is gone, and with it what was allowed to others."""
    _policies(region).forget(table.arn)


def _policies(region: Region) -> Policies:
    return region.environment.parts.the(Policies)


def _table_of(region: Region, arn: str) -> Table:
    """The table that an ARN names, itself or by one of its streams."""
    if not arn.startswith("arn:"):
        raise ValidationException(f"{_INVALID}ARNs must start with 'arn:': {arn}")
    match = _ARN.fullmatch(arn)
    kind, _, label = (match[5] or "").partition("/") if match else ("", "", "")
    if match is None or kind not in ("", "stream", "index"):
        raise ValidationException(f"{_INVALID}Provided Arn is not a DynamoDB resource arn: {arn}")
    if kind == "index":
        raise ValidationException(
            f"{_INVALID}Invalid resource arn provided, only table or stream is accepted. Provided "
            f"resource arn: {arn}"
        )
    if match["partition"] != "aws" or match[2] != region.name:
        raise ValidationException(f"{_INVALID}Invalid resource Arn: {arn}")
    if match[3] != region.account_id:
        raise ValidationException(
            "This action is only supported by accounts that match the resource owner\u2019s account."
        )
    table = region.described_table(match[4])
    if kind and arn not in region.streams:
        raise ResourceNotFoundException(
            f"Requested resource not found: Stream: {label} not found for Table: {table.name}"
        )
    return table


def _check_revision(region: Region, arn: str, table: Table, expected: str | None) -> None:
    current = _policies(region).by_arn.get(arn)
    if expected is None or (current is not None and current.revision_id == expected):
        return
    if expected == NO_POLICY:
        if current is None:
            return
        raise PolicyNotFoundException(
            f"{_NOT_FOUND}Requested policy update expecting none to be present for table {table.name}, "
            f"but a policy exists with revision id {current.revision_id}."
        )
    requested = f"{_NOT_FOUND}Requested update for policy with revision id {expected}, but "
    if current is None:
        raise PolicyNotFoundException(f"{requested}table {table.name} has no associated policy.")
    raise PolicyNotFoundException(
        f"{requested}the policy associated to target table {table.name} has revision id "
        f"{current.revision_id}."
    )


def _refuse_soon(region: Region, arn: str, table: Table) -> None:
    """Refuse a change while the table goes, and one that comes too soon after the last."""
    if table.status == "DELETING":
        raise ResourceInUseException(
            f"Attempt to change a resource which is still in use: Table is being deleted: {table.name}"
        )
    changed = _policies(region).changes.get(arn)
    interval = region.environment.timings.policy_interval
    # On a clock that stands still revisions run ahead of it, and of no interval nothing is left.
    if changed is None or not interval or region.now() >= int(changed) / 1000 + interval:
        return
    again = utc(int(changed) / 1000 + interval).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    what = f"table {table.name}" if arn == table.arn else f"stream {arn.rpartition('/')[2]}"
    raise ThrottlingException(
        f"Resource-based policy for {what} modified within the previous {interval * 1000:.0f} "
        f"milliseconds. Please try again after {again}Z."
    )


def _revision_id(region: Region, arn: str) -> str:
    """The time in milliseconds; later than the last one on a clock that stands still."""
    now = int(region.now() * 1000)
    last = _policies(region).changes.get(arn)
    return str(now if last is None else max(now, int(last) + 1))
