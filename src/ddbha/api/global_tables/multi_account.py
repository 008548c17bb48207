"""Global tables with each replica in an account of its own.

Replicas join by CreateTable in their own account, and leave by DeleteTable or a disassociation there.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_MA_HowItWorks.html
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from ddbha.api.access.policies import Policy
from ddbha.api.access.replication import check_association
from ddbha.api.access.resource_policies import attach_policy
from ddbha.api.definitions.encryption_keys import is_customers, note_key
from ddbha.api.global_tables.new_replicas import (
    fill_later,
    inherited_settings,
    new_replica,
    source_of_replicas,
)
from ddbha.api.global_tables.replica_rules import check_scaling
from ddbha.errors import InternalServerError, ResourceInUseException, ValidationException
from ddbha.recovery.transfer import has_bulk_operation
from ddbha.region.region import Region
from ddbha.region.table import Table

_INVALID = "One or more parameter values were invalid: "


def join(
    region: Region, name: str, source_arn: str, own: dict[str, Any], policy: Policy | None
) -> tuple[Table, Table]:
    """Make a replica in `region` of a table in another account; the source and the replica.

    `own` are the settings that replicas do not have in common.  Raises `AccessDeniedException` if a
    policy is missing, `ValidationException` for what cannot be a replica, and `ResourceInUseException`
    while the source is changing.
    """
    place, account, source_name = source_of(source_arn)
    if source_name != name:
        raise ValidationException(f"{_INVALID}Replicas of a global table have the same table name")
    _check_place(region, [source_arn])
    home = region.regions.find(account, place)
    source = None if home is None else home.tables.get(name)
    check_association(region, region.table_arn(name), policy, source_arn, source)
    if home is None or source is None or not region.environment.links.are_connected(region.name, place):
        # Its policy is there, so it is only out of reach.
        raise InternalServerError
    _check_source(region, home, source)
    check_key(own.get("encryption"))

    member = source_of_replicas(home, source, strong=False)
    settings = evolve(inherited_settings(source), settings_replication="ENABLED", **own)
    target = new_replica(region, source, member, settings)
    replica = region.replica(target)
    note_key(replica)
    if policy is not None:
        attach_policy(region, replica, policy)
    fill_later(region, member, target)
    return source, replica


def source_of(arn: str) -> tuple[str, str, str]:
    """Region, account and name of the table of an ARN; `ValidationException` for what is none."""
    parts = arn.split(":")
    kind, _, name = parts[-1].partition("/")
    if len(parts) != 6 or parts[:3] != ["arn", "aws", "dynamodb"] or kind != "table" or "/" in name:
        raise ValidationException(f"Invalid table ARN: {arn}")
    return parts[3], parts[4], name


def _check_source(region: Region, home: Region, source: Table) -> None:
    group = None if source.membership is None else source.membership.group
    if group is not None and not group.is_multi_account:
        raise ValidationException(
            f"{_INVALID}The source table is a replica of a global table within one account, which cannot "
            "have replicas in other accounts"
        )
    if group is None and source.settings.settings_replication != "ENABLED":
        raise ValidationException(
            f"{_INVALID}GlobalTableSettingsReplicationMode of the source table must be ENABLED"
        )
    if group is not None:
        _check_place(region, [member.arn for member in group.members.values()])
    check_key(source.settings.encryption)
    if source.settings.billing_mode == "PROVISIONED":
        check_scaling(source)
    if source.status != "ACTIVE" or has_bulk_operation(home, source.arn):
        raise ResourceInUseException("The resource which you are attempting to change is in use.")


def _check_place(region: Region, arns: list[str]) -> None:
    places = [arn.split(":")[3:5] for arn in arns]
    if region.account_id in [account for _, account in places]:
        raise ValidationException(
            f"{_INVALID}Each replica of a multi-account global table must be in a separate account: "
            f"{region.account_id} has one"
        )
    if region.name in [name for name, _ in places]:
        raise ValidationException(
            f"{_INVALID}Each replica of a multi-account global table must be in a separate Region: "
            f"{region.name} has one"
        )


def check_key(encryption: dict[str, Any] | None) -> None:
    """Raise `ValidationException` for the key that AWS manages, which no other account can use."""
    if encryption and encryption.get("Enabled") and not is_customers(encryption.get("KMSMasterKeyId")):
        raise ValidationException(
            f"{_INVALID}Multi-account global tables do not support AWS managed keys: a replica is "
            "encrypted with an AWS owned key or with a customer managed key"
        )
