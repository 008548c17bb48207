"""Backup plans: backups of chosen tables on a schedule, and copies of them, as AWS Backup makes them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_HowItWorksAWS.html
and, for jobs that are tried again, https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html
"""

from __future__ import annotations

from math import ceil
from types import TracebackType

from attrs import define, evolve, field, frozen

from ddbha.errors import AwsError, InternalServerError, TableNotFoundException
from ddbha.observe.events import event_kind
from ddbha.recovery.backup import Backup, back_up, backups_of, copy_of, keep
from ddbha.recovery.schedules import Schedule
from ddbha.recovery.vaults import DAY, BackupCopy, BackupVault, Lifecycle
from ddbha.region.region import Region
from ddbha.region.table import Table

#: Seconds between two attempts of a job.
RETRY = 600.0


@frozen
class CopyJob:
    """A copy of one backup: RUNNING until its region can be reached, then COMPLETED or FAILED."""

    account_id: str
    region: str
    vault: str
    status: str
    backup_arn: str | None = None
    message: str = ""


@frozen
class BackupJob:
    """One run for one table: COMPLETED with a backup's ARN, or FAILED with a message.

    It stays CREATED, with the message of the last attempt, while the table cannot be backed up, and is
    EXPIRED after the start window.  While the backup is made it is RUNNING; one that takes longer than
    the completion window is ABORTED.
    """

    #: When it was due, in seconds since the epoch.
    time: float
    table: str
    status: str
    backup_arn: str | None = None
    message: str = ""
    copies: tuple[CopyJob, ...] = ()


@define(eq=False)
class BackupPlan:
    """Backs tables up on a schedule until it is ended; leaving its context ends it.

    The tables are the one called `table`, and all that have the tag `tag` when a run is due.
    """

    name: str
    schedule: Schedule
    table: str | None
    tag: tuple[str, str] | None
    lifecycle: Lifecycle
    vault: BackupVault
    copies: tuple[BackupCopy, ...]
    #: Seconds from when a job is due until it is given up, and from its start until it is canceled.
    start_window: float
    completion_window: float
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
        try:
            backup = self._back_up(job)
        except InternalServerError as error:
            late = region.now() + RETRY > job.time + self.start_window
            self._note(number, "EXPIRED" if late else "CREATED", message=error.message)
            if not late:
                region.later(RETRY, lambda: self._try(number))
        except AwsError as error:
            self._note(number, "FAILED", message=error.message)
        else:
            keep(region, backup)
            seconds = region.environment.timings.create_backup
            if seconds:
                self._note(number, "RUNNING", backup)
                window = self.completion_window
                done = self._complete if seconds <= window else self._abort
                region.later(min(seconds, window), lambda: done(number, backup))
            else:
                self._complete(number, backup)

    def _back_up(self, job: BackupJob) -> Backup:
        region, table = self._region, self._region.tables.get(job.table)
        if table is None or table.status not in ("ACTIVE", "UPDATING"):
            raise TableNotFoundException(f"Table not found: {job.table}")
        refusal = self.vault.refusal(self.lifecycle)
        if refusal is not None:
            raise AwsError(refusal)
        backup = back_up(region, table, f"awsbackup-{ceil(job.time)}", "AWS_BACKUP", time=region.now())
        _store(backup, self.vault, self.lifecycle)
        return backup

    def _complete(self, number: int, backup: Backup) -> None:
        self._note(number, "COMPLETED", backup)
        jobs = [
            CopyJob(copy.vault.region.account_id, copy.vault.region.name, copy.vault.name, "RUNNING")
            for copy in self.copies
        ]
        self._jobs[number] = evolve(self._jobs[number], copies=tuple(jobs))
        for place in range(len(jobs)):
            self._copy(number, place, backup)

    def _abort(self, number: int, backup: Backup) -> None:
        backups_of(self._region).pop(backup.arn, None)
        backup.status = "DELETED"
        self._note(number, "ABORTED", message="The backup did not complete within its window")

    def _copy(self, number: int, place: int, backup: Backup) -> None:
        """Copy a backup to another vault, as soon as that one's region can be reached."""
        copy, here = self.copies[place], self._region
        there = copy.vault.region
        links = here.environment.links
        if here.name != there.name and not links.are_connected(here.name, there.name):
            here.environment.blocked(lambda: self._copy(number, place, backup))
            return
        lifecycle = copy.lifecycle or self.lifecycle
        message, made = copy.vault.refusal(lifecycle), None
        if message is None:
            made = copy_of(backup, there)
            _store(made, copy.vault, lifecycle)
            keep(there, made)
        job = self._jobs[number].copies[place]
        job = evolve(
            job,
            status="FAILED" if made is None else "COMPLETED",
            backup_arn=None if made is None else made.arn,
            message=message or "",
        )
        copies = list(self._jobs[number].copies)
        copies[place] = job
        self._jobs[number] = evolve(self._jobs[number], copies=tuple(copies))
        there.record(
            event_kind(f"copy-job-{job.status.lower()}"), plan=self.name, table=backup.source.name
        )

    def _note(self, number: int, status: str, backup: Backup | None = None, *, message: str = "") -> None:
        """A job has got on."""
        arn = None if backup is None else backup.arn
        job = evolve(self._jobs[number], status=status, backup_arn=arn, message=message)
        self._jobs[number] = job
        self._region.record(
            event_kind(f"backup-job-{status.lower()}"), plan=self.name, table=job.table, message=message
        )

    def _tables(self) -> list[str]:
        tagged = [name for name, table in self._region.tables.items() if self._is_tagged(table)]
        return sorted({*tagged, *([] if self.table is None else [self.table])})

    def _is_tagged(self, table: Table) -> bool:
        if self.tag is None or table.status not in ("ACTIVE", "UPDATING"):
            return False
        key, value = self.tag
        return table.settings.tags.get(key) == value

    def __enter__(self) -> BackupPlan:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()


def _store(backup: Backup, vault: BackupVault, lifecycle: Lifecycle) -> None:
    delete, move = lifecycle.delete_after_days, lifecycle.move_to_cold_storage_after_days
    backup.vault = vault.name
    backup.expires = None if delete is None else backup.created + delete * DAY
    backup.cold_from = None if move is None else backup.created + move * DAY
