"""What UpdateTable may be asked for together, and which index changes it takes.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

from typing import Any

from ddbha.api.definitions.encryption_keys import is_customers
from ddbha.api.global_tables.multi_account import check_key
from ddbha.api.registry import Request
from ddbha.errors import (
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from ddbha.followers.secondary_indexes import GlobalIndex
from ddbha.region.table import Table

MAXIMUM_GLOBAL_INDEXES = 20

_INVALID = "One or more parameter values were invalid: "
#: What UpdateTable changes of a table itself.
CHANGES = frozenset(
    {
        "ProvisionedThroughput",
        "BillingMode",
        "StreamSpecification",
        "GlobalSecondaryIndexUpdates",
        "VectorIndexUpdates",
        "SSESpecification",
        "DeletionProtectionEnabled",
        "DisassociationProtectionEnabled",
        "GlobalTableSettingsReplicationMode",
        "OnDemandThroughput",
        "WarmThroughput",
        "TableClass",
    }
)
#: What is changed alone, and what AWS calls that.
_ALONE = {
    "SSESpecification": "Server-Side Encryption modification",
    "TableClass": "TableClass modification",
    "DeletionProtectionEnabled": "DeletionProtection modification",
    "DisassociationProtectionEnabled": "DisassociationProtection modification",
    "WarmThroughput": "WarmThroughput",
}
_ACTIONS = ("Create", "Update", "Delete")


def refuse_combination(request: Request) -> None:
    """Raise `ValidationException` for changes that cannot be made in one go."""
    changes = request.keys() & CHANGES
    actions = {
        action
        for member in ("GlobalSecondaryIndexUpdates", "VectorIndexUpdates")
        for update in request.get(member, ())
        for action in update
    }
    if "WarmThroughput" in changes and "Create" in actions:
        raise ValidationException(
            f"{_INVALID}Create global secondary index cannot be specified when updating WarmThroughput"
        )
    for member, name in _ALONE.items():
        if member in changes and len(changes) > 1:
            raise ValidationException(f"{_INVALID}{name} must be the only operation in the request")
    if "OnDemandThroughput" in changes and not changes <= {"OnDemandThroughput", "BillingMode"}:
        raise ValidationException(
            f"{_INVALID}OnDemandThroughput can only be combined with BillingMode in an UpdateTable "
            "request"
        )
    if "ProvisionedThroughput" in changes and "StreamSpecification" in changes:
        raise ValidationException(f"{_INVALID}You cannot modify stream status while updating table IOPS")
    if actions & {"Create", "Delete"}:
        if "ProvisionedThroughput" in changes:
            raise ValidationException(
                f"{_INVALID}You cannot create or delete index while updating table IOPS"
            )
        if "StreamSpecification" in changes:
            raise ValidationException(
                f"{_INVALID}You cannot create or delete index while changing stream status"
            )


def index_action(table: Table, request: Request) -> dict[str, Any] | None:
    """The one index that is created or deleted, with all that may be wrong in the updates checked."""
    updates: list[dict[str, Any]] | None = request.get("GlobalSecondaryIndexUpdates")
    if updates is None:
        return None
    if not updates:
        raise ValidationException(f"{_INVALID}List of GlobalSecondaryIndexUpdates is empty")
    seen: set[str] = set()
    for update in updates:
        given = [action for action in _ACTIONS if action in update]
        if not given:
            names = ", ".join(f"GlobalSecondaryIndexUpdate.{a}" for a in ("Update", "Create", "Delete"))
            raise ValidationException(f"{_INVALID}One of {names} must not be null")
        if len(given) > 1:
            raise ValidationException(
                f"{_INVALID}Only one global secondary index action is allowed per "
                "GlobalSecondaryIndexUpdate object"
            )
        name = update[given[0]]["IndexName"]
        if name in seen:
            raise ValidationException(
                f"{_INVALID}Only one global secondary index update per index is allowed simultaneously. "
                f"Index: {name}"
            )
        seen.add(name)
    online = [update for update in updates if "Update" not in update]
    if len(online) > 1:
        refuse_second_index()
    if not online:
        return None
    _check_online(table, online[0])
    return online[0]


def _check_online(table: Table, update: dict[str, Any]) -> None:
    """Whether an index can be created or deleted now."""
    deleted = update["Delete"]["IndexName"] if "Delete" in update else None
    if deleted is not None:
        existing_index(table, deleted, "delete")
    else:
        name = update["Create"]["IndexName"]
        if has_index(table, name):
            raise ValidationException("Attempting to create an index which already exists")
        if len(table.global_indexes) >= MAXIMUM_GLOBAL_INDEXES:
            raise LimitExceededException(
                "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit "
                f"of {MAXIMUM_GLOBAL_INDEXES}"
            )
    # An index may be deleted while it is filled, but nothing else be done to another one.
    if any(i.status != "ACTIVE" and i.name != deleted for i in table.following_indexes()):
        refuse_second_index()


def refuse_second_index() -> None:
    """Raise `LimitExceededException`: indexes are created and deleted one at a time."""
    raise LimitExceededException(
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per "
        "table"
    )


def has_index(table: Table, name: str) -> bool:
    """Whether a table has an index of that name, of whatever kind."""
    return name in table.global_indexes or name in table.local_indexes or name in table.vector_indexes


def existing_index(table: Table, name: str, verb: str) -> GlobalIndex:
    """The global index of a name, for an update or its deletion."""
    if name in table.local_indexes:
        raise ValidationException(f"Cannot {verb} an index that is not a GlobalSecondaryIndex: {name}")
    if name not in table.global_indexes:
        raise ResourceNotFoundException(
            f"Requested resource not found: Index {name} for table {table.name}"
        )
    return table.global_indexes[name]


def check_settings_replication(mode: str) -> None:
    """Raise `ValidationException` for what an ordinary table cannot be set to."""
    if mode == "ENABLED_WITH_OVERRIDES":
        raise ValidationException(
            f"Value '{mode}' at 'GlobalTableSettingsReplicationMode' failed to satisfy constraint: Only "
            "ENABLED and DISABLED settings replication are supported for a Regional Table."
        )


def refuse_encryption(table: Table, given: dict[str, Any]) -> None:
    """Raise `ValidationException` for an encryption that makes no sense, or that the table has."""
    check_encryption(given)
    refuse_while_encrypting(table)
    if table.membership is not None and table.membership.group.is_multi_account:
        check_key(given)
    elif table.membership is not None and is_customers(given.get("KMSMasterKeyId")):
        raise ValidationException(
            "Invalid operation: Customer Managed CMKs on Global Table Version 2019.11.21 replicas cannot "
            "be updated through SSESpecification parameter and can only be updated through "
            "ReplicaUpdates parameter"
        )
    current = table.settings.encryption or {}
    if not given.get("Enabled") and not current.get("Enabled"):
        raise ValidationException(f"{_INVALID}Table is already encrypted by default")
    if given.get("Enabled") and given == current and "KMSMasterKeyId" in given:
        raise ValidationException(
            f"{_INVALID}Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId "
            "parameter if you want to change Master Key"
        )


def refuse_while_encrypting(table: Table) -> None:
    """Raise `ResourceInUseException` while the encryption of a table changes."""
    if table.settings.encrypting:
        raise ResourceInUseException(
            "Attempt to change a resource which is still in use: Server-Side Encryption is still being "
            f"updated. Table: {table.name}"
        )


def check_encryption(given: dict[str, Any]) -> None:
    """Raise `ValidationException` for members of an SSESpecification that contradict each other."""
    kind = given.get("SSEType")
    if not given.get("Enabled"):
        for member in ("SSEType", "KMSMasterKeyId"):
            if member in given:
                raise ValidationException(f"{_INVALID}{member} can not be specified if Enabled is false")
    elif kind == "AES256":
        raise ValidationException(f"{_INVALID}SSEType AES256 is not supported")
    elif "KMSMasterKeyId" in given and kind != "KMS":
        raise ValidationException(f"{_INVALID}SSEType KMS is required if KMSMasterKeyId is specified")
