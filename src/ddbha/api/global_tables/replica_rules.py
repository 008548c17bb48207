"""What UpdateTable may do to the replicas of a table.

The order of the checks: the shape of the request, what else is in it, the regions' names, membership,
capacity, and at last the state of the table.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from ddbha.api.definitions.encryption_keys import is_customers
from ddbha.api.registry import Request
from ddbha.capacity.auto_scaling import AutoScaling
from ddbha.errors import ResourceInUseException, ValidationException
from ddbha.recovery.transfer import has_bulk_operation
from ddbha.region.places import COMMERCIAL
from ddbha.region.region import Region
from ddbha.region.table import Table

#: Strongly consistent global tables stay within one of these.
STRONG_REGIONS = (
    frozenset({"us-east-1", "us-east-2", "us-west-2"}),
    frozenset({"eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"}),
    frozenset({"ap-northeast-1", "ap-northeast-2", "ap-northeast-3"}),
)
#: Seconds for which a region that another one was filled from cannot leave.
SOURCE_STAYS = 24 * 3600.0

_INVALID = "One or more parameter values were invalid: "
_STRONG = "for global tables with MultiRegionConsistency set to STRONG"
_OWN_MEMBERS = {"TableName", "ReplicaUpdates", "MultiRegionConsistency", "GlobalTableWitnessUpdates"}


@frozen
class ReplicaChange:
    """One kind of action, Create, Update, Delete or Disassociate, on replicas and on the witness."""

    kind: str
    #: The actions, by region.
    replicas: dict[str, dict[str, Any]]
    witness: str | None
    strong: bool


def checked_change(region: Region, table: Table, request: Request) -> ReplicaChange:
    """What a request asks for; `ValidationException` or `ResourceInUseException` if it may not."""
    witnesses: list[dict[str, Any]] = request.get("GlobalTableWitnessUpdates", [])
    if set(request) - _OWN_MEMBERS:
        raise ValidationException(
            f"{_INVALID}Requests that modify replicas or witnesses must not also modify other fields"
            if witnesses
            else f"{_INVALID}Replica modification must be the only operation in the request"
        )
    actions = [action for update in request["ReplicaUpdates"] for action in update.items()]
    kinds = {kind for kind, _ in actions}
    if not all(request["ReplicaUpdates"]) or any(
        kind == "Update" and len(action) == 1 for kind, action in actions
    ):
        raise ValidationException(
            "There are no actions specified in the Replica Update Action of the request."
        )
    if len(kinds) > 1:
        raise ValidationException(
            "Update table operation with more than one type of replica actions not allowed."
        )
    kind = kinds.pop()
    if kind == "Disassociate":
        return _checked_disassociation(region, table, [action for _, action in actions])
    if table.membership is not None and table.membership.group.is_multi_account:
        raise ValidationException(
            "Cannot add, update or delete replicas of a multi-account global table through "
            "ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable in the account of the replica."
        )
    witness = next((action["RegionName"] for update in witnesses for action in update.values()), None)
    names = [action["RegionName"] for _, action in actions]
    targets = names if witness is None else [*names, witness]
    if len(set(names)) != len(names) or (witness in names and kind == "Delete"):
        raise ValidationException("Cannot target multiple regions with the same action")
    consistency = request.get("MultiRegionConsistency")
    strong_group = table.consistency == "STRONG"
    if consistency is not None and kind != "Create":
        raise ValidationException(
            "Only Replica Create actions are supported when MultiRegionConsistency parameter is provided."
        )
    if consistency is not None and table.membership is not None:
        raise ValidationException(
            "MultiRegionConsistency parameter is unsupported on existing global table"
        )
    if kind == "Create" and strong_group:
        raise ValidationException(
            "Cannot add replicas to a global table with strong MultiRegionConsistency"
        )
    strong = consistency == "STRONG" or strong_group
    if not strong and kind != "Update" and len(actions) > 1:
        raise ValidationException(
            "Update table operation with more than one create or delete replica actions not allowed"
        )
    if witness is not None and not strong:
        raise ValidationException(
            "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is "
            "present."
        )
    _check_names(region, targets, names)
    change = ReplicaChange(
        kind, dict(zip(names, (action for _, action in actions), strict=True)), witness, strong
    )
    _check_keys(table, change)
    if kind == "Create":
        _check_create(region, table, change)
    else:
        _check_members(region, table, change)
    if table.status != "ACTIVE" or (kind == "Create" and has_bulk_operation(region, table.arn)):
        raise ResourceInUseException("The resource which you are attempting to change is in use.")
    return change


def _checked_disassociation(region: Region, table: Table, actions: list[dict[str, Any]]) -> ReplicaChange:
    """The local replica is to become a table of its own."""
    if len(actions) > 1:
        raise ValidationException(
            f"{_INVALID}Disassociate must be the only replica update in the request"
        )
    (action,) = actions
    if action["RegionName"] != region.name:
        raise ValidationException(
            f"{_INVALID}A replica is disassociated by a request in its own region, {action['RegionName']}"
        )
    if table.consistency != "EVENTUAL":
        raise ValidationException(
            f"{_INVALID}Only a replica of a global table with multi-Region eventual consistency can be "
            "disassociated"
        )
    if table.settings.disassociation_protection:
        raise ValidationException(
            "Replica cannot be disassociated as it is currently protected against disassociation. "
            "Disable disassociation protection first."
        )
    if table.status != "ACTIVE":
        raise ResourceInUseException("The resource which you are attempting to change is in use.")
    return ReplicaChange("Disassociate", {region.name: action}, None, False)


def check_departure(region: Region, table: Table) -> None:
    """Raise `ValidationException` if a replica may not be deleted now."""
    member = table.membership
    if member is None:
        return
    if member.group.consistency == "STRONG":
        raise ValidationException(f"Deletion of only one table replica is not supported {_STRONG}.")
    now = region.now()
    for other in member.group.members.values():
        if other.source == member.region and now - other.joined < SOURCE_STAYS:
            raise ValidationException(
                "Replica cannot be deleted because it has acted as a source region for new replica(s) "
                "being added to the table in the last 24 hours."
            )


def _check_names(region: Region, targets: list[str], replicas: list[str]) -> None:
    if region.name in replicas:
        raise ValidationException(
            "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, "
            "or UpdateTable as required."
        )
    for name in targets:
        if name not in COMMERCIAL:
            raise ValidationException(
                f"Region {name} is not supported. The latest version of global tables are only supported "
                f"in the following regions: [{', '.join(COMMERCIAL)}]"
            )


def _check_create(region: Region, table: Table, change: ReplicaChange) -> None:
    if change.strong:
        _check_strong(region, table, change)
    for name in change.replicas:
        # A table that is there, or still being deleted, is in the way.
        if table.name in region.peer(name).tables:
            raise ValidationException(
                f"Failed to create a the new replica of table with name: {_quoted(table.name)} because "
                "one or more replicas already existed as tables."
            )
    if table.settings.billing_mode == "PROVISIONED":
        check_scaling(table)


def _check_keys(table: Table, change: ReplicaChange) -> None:
    """A table with a key of the customer's has replicas with keys of theirs, each in its own region.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    """
    encryption = table.settings.encryption or {}
    own = is_customers(encryption.get("KMSMasterKeyId"))
    for name, action in change.replicas.items():
        key = action.get("KMSMasterKeyId")
        if key is None and (change.kind != "Create" or not own):
            continue
        if key is None or change.kind == "Update" or not encryption.get("Enabled"):
            raise ValidationException(f"{_INVALID}KMSMasterKeyId must be specified for each replica.")
        if is_customers(key) is not own:
            raise ValidationException(
                f"{_INVALID}All replica keys must either be Customer Managed CMK or AWS Managed CMK."
            )
        place = key.split(":")[3] if key.startswith("arn:") and key.count(":") > 3 else name
        if place != name:
            raise ValidationException(
                f"KMS validation error for region {name}: "
                f"com.amazonaws.services.kms.model.NotFoundException: Invalid arn {place}"
            )


def check_scaling(table: Table) -> None:
    """Raise `ValidationException` if the writes of a provisioned table are not auto scaled."""
    scaling = table.parts.find(AutoScaling)
    settings = {} if scaling is None else scaling.settings
    scaled = {dimension for dimension, one in settings.items() if one.active}
    if (None, "Write") not in scaled:
        raise ValidationException("Table write capacity should either be Pay-Per-Request or AutoScaled.")
    if any((name, "Write") not in scaled for name in table.global_indexes):
        raise ValidationException("GSI write capacity should either be Pay-Per-Request or AutoScaled.")


def _check_strong(region: Region, table: Table, change: ReplicaChange) -> None:
    regions = [region.name, *change.replicas]
    if change.witness in regions:
        raise ValidationException(
            "Cannot add a witness in the same region as an existing replica when creating a global table "
            "with MultiRegionConsistency set to STRONG."
        )
    if change.witness is not None:
        regions.append(change.witness)
    if len(regions) != 3:
        raise ValidationException(f"Unsupported replica count {_STRONG}.")
    allowed = next((names for names in STRONG_REGIONS if region.name in names), frozenset())
    odd = [name for name in regions if name not in allowed]
    if odd:
        raise ValidationException(f"Unsupported Region(s) specified {_STRONG}: [{', '.join(odd)}].")
    if table.local_indexes:
        raise ValidationException(f"Local secondary indexes are not supported {_STRONG}.")
    if table.settings.ttl_attribute is not None:
        raise ValidationException(f"Time to live is not supported {_STRONG}.")
    if table.item_count:
        raise ValidationException(f"The table must be empty {_STRONG}.")


def _check_members(region: Region, table: Table, change: ReplicaChange) -> None:
    group = None if table.membership is None else table.membership.group
    members = {} if group is None else group.members
    foreign = [name for name in change.replicas if name not in members]
    if foreign or group is None:
        raise ValidationException(
            "Update global table operation failed because one or more replicas were not part of the "
            f"global table. Please retry the request without these replicas: [{', '.join(foreign)}]."
        )
    if change.witness is not None and change.witness not in group.witnesses:
        raise ValidationException(
            "Update global table operation failed because one or more witnesses were not part of the "
            f"global table. Please retry the request without these witnesses: [{change.witness}]."
        )
    if change.kind == "Update":
        return
    if change.strong:
        if len(change.replicas) != len(members) - 1:
            raise ValidationException(f"Deletion of only one table replica is not supported {_STRONG}.")
        if group.witnesses and change.witness is None:
            raise ValidationException("Update table delete operation does not include all witnesses.")
    for name in change.replicas:
        member = members[name]
        if member.status in ("CREATING", "DELETING"):
            doing = "added to" if member.status == "CREATING" else "deleted from"
            raise ValidationException(
                f"Create/Update/Delete of replica is not allowed while the replica is being {doing} "
                f"table with name: {_quoted(table.name)} in region: {_quoted(name)}."
            )
        if region.replica(member).settings.deletion_protection:
            raise ValidationException(
                f"Cannot delete table {table.name} in region {name} because it has deletion protection "
                "enabled. Disable deletion protection first."
            )


def _quoted(name: str) -> str:
    """A name in the typographic quotes that AWS uses here."""
    return f"\N{LEFT SINGLE QUOTATION MARK}{name}\N{RIGHT SINGLE QUOTATION MARK}"
