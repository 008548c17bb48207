"""Backup vaults as AWS Backup has them: what is kept for how long, where, and under which lock.

https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html
"""

from __future__ import annotations

from attrs import Factory, define, field, frozen

from ddbha.errors import UsageError
from ddbha.recovery.backup import Backup, backups_of
from ddbha.region.region import Region

DAY = 24 * 3600.0
#: Days that a backup stays in cold storage at least, and days until a lock can become immutable at least.
COLD_DAYS, GRACE_DAYS = 90, 3
#: The vault that every account has in every region.
DEFAULT = "Default"


@frozen
class Lifecycle:
    """After how many days backups are moved to cold storage, and deleted; None is never.

    Raises `UsageError` for what is no such number, or leaves less than 90 days in cold storage.
    """

    delete_after_days: float | None = None
    move_to_cold_storage_after_days: float | None = None

    def __attrs_post_init__(self) -> None:
        delete, move = self.delete_after_days, self.move_to_cold_storage_after_days
        for name, days in (("delete_after_days", delete), ("move_to_cold_storage_after_days", move)):
            if days is not None and (isinstance(days, bool) or not 0 < days <= 36_500):
                raise UsageError(f"{name} must be more than 0 and at most 36500, or None for never.")
        if delete is not None and move is not None and delete < move + COLD_DAYS:
            raise UsageError(
                f"delete_after_days={delete} must be {COLD_DAYS} more than "
                f"move_to_cold_storage_after_days={move}: so long backups stay in cold storage at least."
            )


@frozen
class VaultLock:
    """For how many days backups of a vault are kept, and from when on the lock is there for good."""

    min_retention_days: float | None
    max_retention_days: float | None
    #: Seconds since the epoch; None for a lock that can always be taken away.
    immutable_from: float | None


@frozen
class RecoveryPoint:
    """One backup in a vault; `storage` is WARM or COLD, times are seconds since the epoch."""

    arn: str
    table: str
    status: str
    created: float
    expires: float | None
    storage: str


@frozen
class BackupCopy:
    """A copy of each backup of a plan: in which vault, and its own lifecycle if it has one."""

    vault: BackupVault
    lifecycle: Lifecycle | None


@define(eq=False)
class BackupVault:
    """A vault of one account in one region."""

    name: str
    region: Region = field(repr=False)
    lock_configuration: VaultLock | None = field(default=None, init=False)

    @property
    def recovery_points(self) -> list[RecoveryPoint]:
        """The backups that it keeps now, oldest first."""
        with self.region.environment.standstill():
            return sorted(
                (
                    RecoveryPoint(b.arn, b.source.name, b.status, b.created, b.expires, b.storage)
                    for b in self._backups().values()
                ),
                key=lambda point: (point.created, point.arn),
            )

    def copy(
        self,
        *,
        delete_after_days: float | None = None,
        move_to_cold_storage_after_days: float | None = None,
    ) -> BackupCopy:
        """A copy in this vault with a lifecycle of its own, for `copy_to` of a plan."""
        return BackupCopy(self, Lifecycle(delete_after_days, move_to_cold_storage_after_days))

    def lock(
        self,
        *,
        min_retention_days: float | None = None,
        max_retention_days: float | None = None,
        changeable_for_days: float | None = None,
    ) -> None:
        """Lock the vault: nothing is deleted in it by hand, and jobs with another retention fail.

        With `changeable_for_days`, of which there are three at least, the lock cannot be taken away or
        changed afterwards.  Raises `UsageError` for days that make no sense, and for a lock that is there
        for good.
        """
        with self.region.environment.standstill() as environment:
            self._require_changeable()
            low = 1 if min_retention_days is None else min_retention_days
            high = 36_500 if max_retention_days is None else max_retention_days
            if not 1 <= low <= high <= 36_500:
                raise UsageError(
                    f"min_retention_days={min_retention_days} and max_retention_days="
                    f"{max_retention_days} are no range of days from 1 to 36500."
                )
            if changeable_for_days is not None and not GRACE_DAYS <= changeable_for_days <= 36_500:
                raise UsageError(f"changeable_for_days={changeable_for_days} is not from 3 to 36500.")
            days = changeable_for_days
            immutable = None if days is None else environment.clock.time() + days * DAY
            self.lock_configuration = VaultLock(min_retention_days, max_retention_days, immutable)

    def unlock(self) -> None:
        """Take the lock away; `UsageError` if it is there for good."""
        with self.region.environment.standstill():
            self._require_changeable()
            self.lock_configuration = None

    def delete(self, arn: str) -> None:
        """Delete one recovery point by hand.

        Raises `UsageError` if the vault is locked, has no such one, or it is just being made or used.
        """
        with self.region.environment.standstill():
            backup = self._backups().get(arn)
            if backup is None:
                raise UsageError(f"The vault {self.name!r} has no recovery point {arn}.")
            if self.lock_configuration is not None:
                raise UsageError(
                    f"The vault {self.name!r} is locked: recovery points vanish when they expire, and "
                    "cannot be deleted."
                )
            if backup.status != "AVAILABLE" or backup.restoring is not None:
                raise UsageError(f"{arn} is {backup.status} or being restored: delete it afterwards.")
            del backups_of(self.region)[arn]
            backup.status = "DELETED"

    def refusal(self, lifecycle: Lifecycle) -> str | None:
        """Why a job with such a lifecycle fails here, None if it does not."""
        lock, kept = self.lock_configuration, lifecycle.delete_after_days
        if lock is None:
            return None
        if lock.min_retention_days is not None and kept is not None and kept < lock.min_retention_days:
            return f"The vault {self.name} keeps backups for {lock.min_retention_days} days or more"
        if lock.max_retention_days is not None and (kept is None or kept > lock.max_retention_days):
            return f"The vault {self.name} keeps backups for {lock.max_retention_days} days or less"
        return None

    def _require_changeable(self) -> None:
        lock = self.lock_configuration
        if lock is None or lock.immutable_from is None:
            return
        if self.region.now() >= lock.immutable_from:
            raise UsageError(f"The lock of the vault {self.name!r} is there for good.")

    def _backups(self) -> dict[str, Backup]:
        found = backups_of(self.region)
        return {arn: backup for arn, backup in found.items() if backup.vault == self.name}


@define(eq=False)
class Vaults:
    """The vaults of a region, by name."""

    by_name: dict[str, BackupVault] = Factory(dict)


def vault_of(region: Region, name: str) -> BackupVault:
    """A vault of a region; it is made when it is first asked for."""
    if not 2 <= len(name) <= 50 or not name.replace("-", "").replace("_", "").isalnum():
        raise UsageError(
            f"{name!r} is no name of a vault: 2 to 50 letters, digits, hyphens, underscores."
        )
    vaults = region.parts.the(Vaults).by_name
    if name not in vaults:
        vaults[name] = BackupVault(name, region)
    return vaults[name]


def locked_vaults(region: Region) -> list[BackupVault]:
    """The vaults of a region that are locked."""
    vaults = region.parts.the(Vaults).by_name.values()
    return [vault for vault in vaults if vault.lock_configuration is not None]
