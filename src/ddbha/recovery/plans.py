"""Backup plans: backups of chosen tables on a schedule, kept for some days, as AWS Backup makes them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_HowItWorksAWS.html
and, for jobs that are tried again, https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html
"""

from __future__ import annotations

from math import ceil
from types import TracebackType

from attrs import define, evolve, field, frozen

from ddbha.errors import AwsError, InternalServerError, TableNotFoundException
from ddbha.recovery.backup import back_up, keep
from ddbha.recovery.schedules import Schedule
from ddbha.region.region import Region
from ddbha.region.table import Table

#: Seconds between two attempts of a job, and from when it is due until it is given up.
RETRY = 600.0
START_WINDOW = 8 * 3600.0


@frozen
class BackupJob:
    """One run for one table: COMPLETED with a backup's ARN, or FAILED with a message.

    It stays CREATED, with the message of the last attempt, while the table cannot be backed up, and is
    EXPIRED after eight hours.
    """

    #: When it was due, in seconds since the epoch.
    time: float
    table: str
    status: str
    backup_arn: str | None = None
    message: str = ""


@define(eq=False)
class BackupPlan:
    """Backs tables up on a schedule until it is ended; leaving its context ends it.

    The tables are the one called `table`, and all that have the tag `tag` when a run is due.
    """

    name: str
    schedule: Schedule
    table: str | None
    tag: tuple[str, str] | None
    #: Seconds that its backups are kept, None for ever.
    retention: float | None
    _region: Region
    _jobs: list[BackupJob] = field(factory=list, init=False)
    _ended: bool = field(default=False, init=False)

    @property
    def jobs(self) -> list[BackupJob]:
        """What was done by now, in order."""
        self._run_due()
        return list(self._jobs)

    def begin(self) -> None:
        """Wait for the first moment of the schedule."""
        self._wait(self._region.now())

    def end(self) -> None:
        """Make no more backups than are due by now; those that there are expire as planned."""
        self._run_due()
        self._ended = True

    def _run_due(self) -> None:
        self._region.environment.scheduler.run_due(self._region.now())

    def _wait(self, moment: float) -> None:
        due = self.schedule.after(moment)
        if due is not None:
            self._region.environment.scheduler.at(due, lambda: self._run(due))

    def _run(self, due: float) -> None:
        """Back up what the tables hold: nothing has happened since it was due."""
        if self._ended:
            return
        for name in self._tables():
            self._jobs.append(BackupJob(due, name, "CREATED"))
            self._try(len(self._jobs) - 1)
        self._wait(due)

    def _try(self, number: int) -> None:
        """Do a job; one that meets no quorum is tried again within its start window."""
        job, region = self._jobs[number], self._region
        job = self._jobs[number] = self._back_up(job.table, job.time)
        if job.status == "CREATED" and region.now() + RETRY > job.time + START_WINDOW:
            job = self._jobs[number] = evolve(job, status="EXPIRED")
        if job.status == "CREATED":
            region.later(RETRY, lambda: self._try(number))
        region.record(
            f"backup-job-{job.status.lower()}", plan=self.name, table=job.table, message=job.message
        )

    def _tables(self) -> list[str]:
        tagged = [name for name, table in self._region.tables.items() if self._is_tagged(table)]
        return sorted({*tagged, *([] if self.table is None else [self.table])})

    def _is_tagged(self, table: Table) -> bool:
        if self.tag is None or table.status not in ("ACTIVE", "UPDATING"):
            return False
        key, value = self.tag
        return table.settings.tags.get(key) == value

    def _back_up(self, name: str, due: float) -> BackupJob:
        region = self._region
        table = region.tables.get(name)
        try:
            if table is None or table.status not in ("ACTIVE", "UPDATING"):
                raise TableNotFoundException(f"Table not found: {name}")
            title = f"awsbackup-{ceil(due)}"
            backup = back_up(
                region, table, title, "AWS_BACKUP", time=region.now(), retention=self.retention
            )
        except InternalServerError as error:
            return BackupJob(due, name, "CREATED", message=error.message)
        except AwsError as error:
            return BackupJob(due, name, "FAILED", message=error.message)
        keep(region, backup)
        return BackupJob(due, name, "COMPLETED", backup.arn)

    def __enter__(self) -> BackupPlan:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()
