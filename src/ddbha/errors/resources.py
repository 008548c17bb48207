"""What DynamoDB answers about policies, backups, exports, replicas, scaling and streams."""

from __future__ import annotations

from ddbha.errors.aws import AwsError


class PolicyNotFoundException(AwsError):
    """The resource has no resource-based policy."""


class BackupNotFoundException(AwsError):
    """No backup has that ARN."""


class BackupInUseException(AwsError):
    """The backup is being created, deleted or restored."""


class TableNotFoundException(AwsError):
    """The source table of a backup or restore does not exist."""


class TableAlreadyExistsException(AwsError):
    """The target table of a restore exists."""


class TableInUseException(AwsError):
    """The table is being created or deleted."""


class ContinuousBackupsUnavailableException(AwsError):
    """Backups are not enabled for the table yet."""


class PointInTimeRecoveryUnavailableException(AwsError):
    """Point-in-time recovery is not enabled for the source table."""


class InvalidRestoreTimeException(AwsError):
    """The time to restore to is outside the restorable window."""


class InvalidExportTimeException(AwsError):
    """The time to export is outside the window, or a period is too short, too long or in the future."""


class ExportNotFoundException(AwsError):
    """No export has that ARN."""


class ExportConflictException(AwsError):
    """A token was used again within eight hours for another export."""


class ImportNotFoundException(AwsError):
    """No import has that ARN."""


class ImportConflictException(AwsError):
    """A token was used again within eight hours for another import."""


class IndexNotFoundException(AwsError):
    """The table has no index of that name."""


class ReplicaNotFoundException(AwsError):
    """The global table has no replica in that region."""


class ReplicaAlreadyExistsException(AwsError):
    """The global table has a replica in that region."""


class GlobalTableNotFoundException(AwsError):
    """No global table has that name."""


class GlobalTableAlreadyExistsException(AwsError):
    """The global table exists."""


class ReplicatedWriteConflictException(AwsError):
    """Two regions of a strongly consistent global table wrote one item at once."""

    # By botocore's table of what is tried again.
    status = 409


class ObjectNotFoundException(AwsError):
    """Application Auto Scaling has no such target or policy."""


class InvalidNextTokenException(AwsError):
    """Application Auto Scaling gave no such token."""


class TrimmedDataAccessException(AwsError):
    """The stream record asked for is older than 24 hours."""


class ExpiredIteratorException(AwsError):
    """The shard iterator is older than 15 minutes."""
