"""What resource policies have to allow so that a table has replicas in several accounts.

Every replica lets the replication service read, write and synchronize settings for each of them, itself
included, and lets the accounts join that are to.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables_MA_security.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ddbha.api.access.policies import Access, Policies, Policy, ServiceAccess
from ddbha.errors import AccessDeniedException
from ddbha.faults.regions import GIVEN_UP_AFTER
from ddbha.followers.replication import GlobalTable, Member
from ddbha.region.region import Region, not_allowed
from ddbha.region.table import Table

SERVICE = "replication.dynamodb.amazonaws.com"

_JOIN = "AssociateTableReplica"
_DATA = ("ReadDataForReplication", "WriteDataForReplication")
_SETTINGS = "ReplicateSettings"


def check_association(
    region: Region, arn: str, policy: Policy | None, source_arn: str, source: Table | None
) -> None:
    """Raise `AccessDeniedException` if a new table may not join the replicas of `source`.

    Nobody without a policy learns whether there is a table `source`: its ARN stands for it.
    """
    group = None if source is None or source.membership is None else source.membership.group
    arns = [source_arn] if group is None or not group.is_multi_account else _arns(group)
    known = region.environment.parts.the(Policies).by_arn
    for other in arns:
        access = Access(region.account_id, f"dynamodb:{_JOIN}", other, other.split(":")[3])
        decision = known[other].decide(access) if other in known else None
        if decision is False:
            raise access.denied()
        if decision is None:
            raise not_allowed(region.account_id, _JOIN, other)
    policies = {other: known[other] for other in arns} | ({} if policy is None else {arn: policy})
    missing = _missing(policies, [*arns, arn], (*_DATA, _SETTINGS))
    if missing is not None:
        raise _denied(missing)


def check_settings(region: Region, table: Table) -> None:
    """Raise `AccessDeniedException` if settings of a table cannot be those of all of its replicas."""
    group = None if table.membership is None else table.membership.group
    if group is not None and group.is_multi_account:
        known = region.environment.parts.the(Policies).by_arn
        missing = _missing(known, _arns(group), (_SETTINGS,))
        if missing is not None:
            raise _denied(missing)


def leave_global_table(region: Region, member: Member) -> None:
    """Let a table leave its global table: those that remain need their policies say nothing of it."""
    region.leave_global_table(member)
    for other in member.group.members.values():
        review_replication(region.home(other), region.replica(other))


def review_replication(region: Region, table: Table) -> None:
    """A policy or the members have changed: replication from and to a table stops, or goes on.

    A replica that is not authorized for 20 hours becomes a table of its own, for good.
    """
    member, environment = table.membership, region.environment
    if member is None or not member.group.is_multi_account:
        return
    group = member.group
    known = environment.parts.the(Policies).by_arn
    own = {table.arn: known[table.arn]} if table.arn in known else {}
    allowed = _missing(own, _arns(group), _DATA, of=table.arn) is None
    if allowed is (member.unauthorized_since is None):
        return
    group.authorize(member, allowed)
    region.record("replica-authorized" if allowed else "replica-unauthorized", table=table.name)
    environment.unblock()
    since = member.unauthorized_since

    def give_up() -> None:
        if member.unauthorized_since == since and group.members.get(member.region) is member:
            status, member.unauthorized_since = member.shown_status, None
            leave_global_table(region, member)
            region.record("replica-given-up", table=table.name, status=status)

    if since is not None:
        region.later(GIVEN_UP_AFTER, give_up)


def _arns(group: GlobalTable) -> list[str]:
    return [member.arn for member in group.members.values()]


def _missing(
    policies: Mapping[str, Policy], arns: Collection[str], actions: Collection[str], of: str | None = None
) -> tuple[ServiceAccess, bool] | None:
    """What the policies of some replicas, or `of` one, do not allow for all; and whether it is denied."""
    for arn in arns if of is None else [of]:
        for action in actions:
            for source in arns:
                access = ServiceAccess(SERVICE, f"dynamodb:{action}", arn, source)
                decision = policies[arn].decide(access) if arn in policies else None
                if decision is not True:
                    return access, decision is False
    return None


def _denied(missing: tuple[ServiceAccess, bool]) -> AccessDeniedException:
    access, explicitly = missing
    why = (
        "with an explicit deny in a resource-based policy"
        if explicitly
        else f"because no resource-based policy allows the {access.action} action"
    )
    return AccessDeniedException(
        f"User: {access.service} is not authorized to perform: {access.action} on resource: "
        f"{access.resource} {why} for aws:SourceArn {access.source_arn}"
    )
