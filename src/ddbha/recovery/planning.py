"""Making backup plans: what is asked for is read and checked before anything is scheduled."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypedDict

from ddbha.errors import UsageError
from ddbha.recovery.plans import BackupPlan
from ddbha.recovery.schedules import schedule as read_schedule
from ddbha.recovery.vaults import DEFAULT, BackupCopy, BackupVault, Lifecycle, vault_of
from ddbha.region.region import Region

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: Minutes: of a start window at least, of one and of a completion window where nobody says otherwise.
LEAST_WINDOW, START_WINDOW, COMPLETION_WINDOW = 60, 8 * 60, 7 * 24 * 60


class Rule(TypedDict, total=False):
    """What a plan backs up, and how, as AWS's BackupRule has it.

    It backs up the `table` of that name, and those with a `tag` (key and value) when a run is due.  The
    backups vanish after `delete_after_days`, which are 90 more than `move_to_cold_storage_after_days`.  A
    job that cannot begin within `start_window_minutes` (480; 60 at least) is EXPIRED, one that takes
    longer than `completion_window_minutes` (10080) is ABORTED.  The backups are in `vault`, the region's
    default one unless told otherwise, and are copied to those of `copy_to`.  The plan's `name` is for the
    timeline.
    """

    table: str | None
    tag: tuple[str, str] | None
    delete_after_days: float | None
    move_to_cold_storage_after_days: float | None
    start_window_minutes: float
    completion_window_minutes: float
    vault: BackupVault | None
    copy_to: Iterable[BackupVault | BackupCopy]
    name: str


def begin_plan(region: Region, schedule: str, **rule: Unpack[Rule]) -> BackupPlan:
    """A plan that waits for its first run; raises `UsageError` for what makes no sense."""
    for word in rule:
        if word not in Rule.__annotations__:
            raise UsageError(f"A backup plan has no {word}=; it has {', '.join(Rule.__annotations__)}.")
    table, tag = rule.get("table"), rule.get("tag")
    if table is None and tag is None:
        raise UsageError("A backup plan needs a table=, or a tag= like ('backup', 'daily').")
    start = rule.get("start_window_minutes", START_WINDOW)
    completion = rule.get("completion_window_minutes", COMPLETION_WINDOW)
    if start < LEAST_WINDOW:
        raise UsageError(f"start_window_minutes={start} must be at least {LEAST_WINDOW}.")
    if completion <= 0:
        raise UsageError(f"completion_window_minutes={completion} must be more than 0.")
    vault = rule.get("vault") or vault_of(region, DEFAULT)
    if vault.region is not region:
        raise UsageError(
            f"A plan of {region.name} and account {region.account_id} has its vault there: copy_to= "
            "takes others."
        )
    plan = BackupPlan(
        rule.get("name", "plan"),
        read_schedule(schedule),
        table,
        tag,
        Lifecycle(rule.get("delete_after_days"), rule.get("move_to_cold_storage_after_days")),
        vault,
        tuple(
            copy if isinstance(copy, BackupCopy) else BackupCopy(copy, None)
            for copy in rule.get("copy_to", ())
        ),
        start * 60.0,
        completion * 60.0,
        region,
    )
    plan.begin()
    return plan
