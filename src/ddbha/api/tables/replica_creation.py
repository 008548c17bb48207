"""CreateTable with GlobalTableSourceArn: a replica in an account other than those of the other replicas.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_MA.tutorial.html
"""

from __future__ import annotations

from attrs import evolve

from ddbha.api.access.resource_policies import read_policy
from ddbha.api.definitions.descriptions import describe
from ddbha.api.global_tables.multi_account import join, source_of
from ddbha.api.registry import Request, Response
from ddbha.api.tables.account import with_tags
from ddbha.api.tables.auto_scaling_settings import ROLE, new_scaling
from ddbha.api.tables.control_plane_quotas import refuse_another_table
from ddbha.api.tables.update_rules import check_encryption
from ddbha.capacity.auto_scaling import AutoScaling
from ddbha.errors import ResourceInUseException, ValidationException
from ddbha.region.region import Region

#: What each replica has for itself; everything else is as the source has it.
_OWN = frozenset(
    {
        "DeletionProtectionEnabled",
        "GlobalTableSettingsReplicationMode",
        "GlobalTableSourceArn",
        "ResourcePolicy",
        "SSESpecification",
        "TableClass",
        "TableName",
        "Tags",
    }
)
_INVALID = "One or more parameter values were invalid: "


def create_replica(region: Region, request: Request) -> Response:
    """A replica that is CREATING until it holds what the source does."""
    name, source_arn = region.table_name(request["TableName"]), request["GlobalTableSourceArn"]
    foreign = sorted(request.keys() - _OWN)
    if foreign:
        raise ValidationException(
            f"{_INVALID}{foreign[0]} cannot be specified with GlobalTableSourceArn: it is that of the "
            "source table"
        )
    if request.get("GlobalTableSettingsReplicationMode") != "ENABLED":
        raise ValidationException(
            f"{_INVALID}GlobalTableSettingsReplicationMode must be ENABLED when GlobalTableSourceArn is "
            "specified"
        )
    source_of(source_arn)
    encryption = request.get("SSESpecification")
    if encryption is not None:
        check_encryption(encryption)
    own = {
        "tags": with_tags({}, request.get("Tags", [])),
        "deletion_protection": request.get("DeletionProtectionEnabled", False),
        "table_class": request.get("TableClass"),
        "class_changes": (),
        "encryption": encryption,
    }
    policy = read_policy(request["ResourcePolicy"]) if "ResourcePolicy" in request else None
    if name in region.tables:
        raise ResourceInUseException(f"Table already exists: {name}")
    refuse_another_table(region)
    source, replica = join(region, name, source_arn, own, policy)
    scaling = source.parts.find(AutoScaling)
    if scaling is not None:
        copied = new_scaling(region, replica)
        for dimension, settings in scaling.settings.items():
            copied.settings[dimension] = evolve(
                settings, role_arn=ROLE.format(region.account_id), since=region.now()
            )
        replica.parts.put(copied)
    return {"TableDescription": describe(replica)}
