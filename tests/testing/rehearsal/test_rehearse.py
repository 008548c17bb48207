"""Rehearsals in which the right recovery time and point are known beforehand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import count
from random import Random
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

import ddbha
from ddbha.cli.commands import main
from ddbha.errors import UsageError
from ddbha.rehearsal import (
    DISASTERS,
    Disaster,
    Matrix,
    RehearsalClock,
    backups,
    global_table,
    page,
    recovery,
    rehearse,
    single_region,
    strong_global_table,
)
from ddbha.testing.rehearsal.matrix import words
from tests.building import on_demand

GOOD = "a region, for good"


def one(option: Any, disaster: Any, workload: Any = "event log", seed: int = 3, **more: Any) -> Any:
    matrix = rehearse(workload, options=[option], disasters=[disaster], seeds=[seed], **more)
    (cell,) = matrix.cells.values()
    (run,) = cell.runs
    return run


def test_without_another_region_an_outage_lasts_as_long_as_it_lasts() -> None:
    run = one(single_region(), "a region, 30 min")
    assert run.recovery_time == pytest.approx(1800, abs=31)
    assert (run.lost_writes, run.recovery_point) == (0, 0)


def test_a_zone_costs_no_more_than_the_lease_of_its_leaders() -> None:
    """Leaders of `Timings.aws()` have a lease of 1.5 seconds; retries may need a moment longer."""
    run = one(single_region(), "a zone, 10 min")
    assert run.recovery_time is not None
    assert run.recovery_time <= 1.5 + 1.0
    assert run.lost_writes == 0


def test_eventual_consistency_loses_what_has_not_arrived() -> None:
    """Writes take 0.5 to 0.9 s to the other region: what was written then is lost, and nothing older."""
    run = one(global_table(), GOOD)
    assert 0 < run.recovery_point <= 0.9
    assert run.lost_writes > 0
    assert run.recovery_time is not None
    assert run.recovery_time < 30


def test_strong_consistency_loses_nothing() -> None:
    """AWS: a recovery point objective of zero.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/multi-region-strong-consistency-gt.html
    """
    for option in (strong_global_table(), strong_global_table(witness="us-west-2")):
        run = one(option, GOOD)
        assert run.lost_writes == 0
        assert run.recovery_time is not None


def test_hourly_backups_lose_up_to_an_hour() -> None:
    run = one(backups(every="1 hour"), "a table deleted")
    assert 0 < run.recovery_point <= 3600
    # A minute to notice, four to restore.
    assert run.recovery_time == pytest.approx(60 + 240, abs=45)


def test_recovery_loses_nothing_that_was_before_a_bad_deploy() -> None:
    """The newest five minutes cannot be restored yet, and a restore takes four."""
    run = one(recovery(), "a bad deploy, 10 min", workload="session store")
    assert run.recovery_point <= 1.0
    assert run.recovery_time == pytest.approx(300 + 240, abs=20)
    assert run.wrong_reads > 0


def test_options_add_up() -> None:
    both = global_table() + recovery()
    assert one(both, "a bad deploy, 10 min", workload="session store").recovery_time is not None
    assert one(both, GOOD).recovery_time is not None
    assert one(global_table(), "a bad deploy, 10 min").recovery_time is None


def test_replicas_cost_writes_and_no_reads() -> None:
    plain, copied = one(single_region(), "a node, 5 min"), one(global_table(), "a node, 5 min")
    assert copied.write_units == pytest.approx(2 * plain.write_units, rel=0.05)
    assert copied.read_units == pytest.approx(plain.read_units, rel=0.05)


def test_one_seed_is_one_run() -> None:
    first, second = (one(global_table(), "two zones, 5 min", seed=8) for _ in range(2))
    assert first == second


def numbers(clients: Callable[[], Any], clock: RehearsalClock) -> None:
    client = clients()
    for number in clock.every(60):
        try:
            client.put_item(TableName="numbers", Item={"id": {"S": str(number)}})
        except (ClientError, BotoCoreError):
            continue


TABLES = [{"TableName": "numbers", **on_demand("id")}]


def test_own_workloads_options_and_disasters() -> None:
    seen = []

    def with_a_stream(world: ddbha.World, tables: list[str]) -> None:
        seen.append(tables)

    def three_zones(faults: Any) -> None:
        for letter in "abc":
            faults.zone_outage(f"us-east-1{letter}", duration=120)

    run = one(with_a_stream, three_zones, numbers, tables=TABLES)
    # Once while nothing happens, to know what it costs.
    assert seen == [["numbers"]] * 2
    assert 60 <= run.recovery_time <= 240


def test_a_workload_that_raises_is_a_result() -> None:
    def fragile(clients: Callable[[], Any], clock: RehearsalClock) -> None:
        client = clients()
        for number in clock.every(30):
            client.put_item(TableName="numbers", Item={"id": {"S": str(number)}})

    matrix = rehearse(
        fragile, tables=TABLES, options=[single_region()], disasters=["two zones, 5 min"], seeds=[1]
    )
    assert "the workload stops: InternalServerError" in str(matrix)
    worst = matrix.cell("single region", "two zones, 5 min").worst
    assert worst is not None
    assert "zone outage us-east-1a" in worst.timeline, "its story"


def test_a_workload_that_raises_before_it_asks_for_anything_is_a_result_too() -> None:
    def hasty(clients: Callable[[], Any], clock: RehearsalClock) -> None:
        raise LookupError("no configuration")

    run = one(single_region(), "a node, 5 min", hasty, tables=TABLES)
    assert run.error == "LookupError: no configuration"
    assert run.requests == 0


def nothing(clients: Callable[[], Any], clock: RehearsalClock) -> None:
    clock.sleep(1)


#: Stands for the machine's time: later each time that it is looked at, whatever the world's clock says.
MACHINE_TIME = count()


def by_the_machine(clients: Callable[[], Any], clock: RehearsalClock) -> None:
    client = clients()
    for _ in clock.every(600):
        length = 1 + 1000 * next(MACHINE_TIME)
        client.put_item(TableName="numbers", Item={"id": {"S": "x"}, "data": {"S": "x" * length}})


class Unordered:
    """Something that sets hold in another order each time, as they do strings in another process."""

    chance = Random(1)

    def __init__(self, name: str) -> None:
        self.name, self.place = name, self.chance.getrandbits(60)

    def __hash__(self) -> int:
        return self.place


def in_any_order(clients: Callable[[], Any], clock: RehearsalClock) -> None:
    client = clients()
    waiting = {Unordered("x" * 1000 * size) for size in range(20)}
    for _ in clock.every(600):
        if waiting:
            client.put_item(TableName="numbers", Item={"id": {"S": "x"}, "a": {"S": waiting.pop().name}})


def elsewhere(faults: Any) -> None:
    faults.region_outage("eu-west-1", duration=60)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"workload": "lottery"}, "there are orders, counter, session store, event log"),
        ({"workload": 7}, "is no workload"),
        ({"workload": numbers}, "An option needs a table"),
        ({"workload": nothing, "tables": TABLES}, "never called DynamoDB"),
        ({"workload": by_the_machine, "tables": TABLES}, "depends on the machine's time"),
        ({"workload": in_any_order, "tables": TABLES}, "on unordered sets"),
        ({"workload": "counter", "options": ["two tables"]}, "is no option"),
        (
            {"workload": "counter", "options": [single_region()], "disasters": [elsewhere], "seeds": [1]},
            "'elsewhere' met nothing .*'single region'.*It has tables in us-east-1",
        ),
        (
            {"workload": "counter", "options": [recovery()], "disasters": ["a cut link, 10 min"]},
            "can happen to none of the options: it wants 2 regions",
        ),
        (
            {"workload": "counter", "options": [global_table()], "disasters": ["a restore meanwhile"]},
            "it wants something to restore from",
        ),
        ({"workload": "counter", "disasters": ["an earthquake"]}, "There is no disaster"),
        ({"workload": "counter", "disasters": [7]}, "is no disaster"),
        ({"workload": "counter", "seeds": []}, "nothing to rehearse"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ddbha.rehearse(arguments.pop("workload"), **arguments)


def hardly_ever(faults: Any) -> None:
    faults.error("InternalServerError", operation="PutItem", probability=1e-9, duration=600)


def never(faults: Any) -> None:
    faults.error("InternalServerError", operation="PutItem", probability=0, duration=600)


def sometimes(faults: Any) -> None:
    faults.error("InternalServerError", operation="PutItem", probability=0.5, times=1, duration=600)


def now_and_then(clients: Callable[[], Any], clock: RehearsalClock) -> None:
    client = clients()
    for _ in clock.every(400):
        client.put_item(TableName="numbers", Item={"id": {"S": "x"}})


def test_a_disaster_of_chance_that_spares_all_requests_is_told() -> None:
    matrix = rehearse(
        now_and_then, tables=TABLES, options=[single_region()], disasters=[hardly_ever], seeds=[1, 2]
    )
    cell = matrix.cell("single region", "hardly ever")
    assert [(run.spared, run.failures) for run in cell.runs] == [(True, 0), (True, 0)]
    assert "single region  spared by chance\n" in str(matrix)
    advice = "spared by chance: for a disaster that strikes, ask more often"
    assert advice in str(matrix)
    assert advice in page(matrix)
    with pytest.raises(UsageError, match="'never' met nothing"):
        rehearse(now_and_then, tables=TABLES, options=[single_region()], disasters=[never], seeds=[1])


def test_a_cell_says_how_often_chance_spared_all_requests() -> None:
    matrix = rehearse(
        now_and_then, tables=TABLES, options=[single_region()], disasters=[sometimes], seeds=range(6)
    )
    spared = [run.spared for run in matrix.cell("single region", "sometimes").runs]
    assert set(spared) == {True, False}
    assert f"spared by chance {sum(spared)} times of 6" in matrix.rows()[0][1]


def test_regions_and_policies_are_checked() -> None:
    with pytest.raises(UsageError, match="two regions"):
        global_table("us-east-1")
    with pytest.raises(UsageError, match="two and a witness"):
        strong_global_table("us-east-1", "us-east-2")
    with pytest.raises(UsageError, match="not 'hide'"):
        global_table(policy="hide")


def test_a_cell_knows_its_worst_run() -> None:
    disaster = next(d for d in DISASTERS if d.name == "a table deleted")
    matrix = rehearse("counter", options=[backups()], disasters=[disaster], seeds=[1, 2])
    cell = matrix.cell("backups every 1 hour", "a table deleted")
    assert cell.worst is not None
    assert cell.worst.lost_writes == max(run.lost_writes for run in cell.runs)
    assert f" s (worst: seed {cell.worst.seed})\n" in str(matrix)
    assert "fault" in cell.worst.timeline or "table" in cell.worst.timeline
    with pytest.raises(UsageError, match="There is no cell"):
        matrix.cell("backups", "a flood")
    assert matrix.to_dict()["cells"][0]["runs"][0]["seed"] == 1


class Rows(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)


def test_the_page_has_a_chart_for_each_cell() -> None:
    matrix = rehearse("counter", options=[single_region(), recovery()], disasters=[GOOD], seeds=[1])
    rows = Rows()
    rows.feed(page(matrix))
    assert rows.tags.count("svg") == 2
    assert "http" not in page(matrix)


def test_the_command_compares(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr("ddbha.testing.rehearsal.DISASTERS", DISASTERS[:1])
    monkeypatch.setattr("ddbha.testing.rehearsal.OPTIONS", [single_region()])
    main(["options", "counter", "--seeds", "1", "--markdown", "--html", str(tmp_path / "page.html")])
    assert capsys.readouterr().out.startswith(
        "| disaster | single region |\n| --- | --- |\n| a node, 5 min |"
    )
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")


def test_shipped_disasters_that_one_option_cannot_have_are_no_mistake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut = next(disaster for disaster in DISASTERS if disaster.name == "a cut link, 10 min")
    monkeypatch.setattr("ddbha.testing.rehearsal.DISASTERS", [cut])
    assert "does not apply" in str(rehearse("counter", options=[single_region()], seeds=[1]))


def test_columns_make_one_matrix() -> None:
    """So does the command, with a process for each option."""
    options = [single_region(), global_table()]
    whole = rehearse("counter", options=options, disasters=DISASTERS[:1], seeds=[1])
    parts = [
        rehearse("counter", options=[option], disasters=DISASTERS[:1], seeds=[1]) for option in options
    ]
    joined = Matrix.joined(parts)
    assert joined.markdown() == whole.markdown()
    assert joined.to_dict() == whole.to_dict()


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    options, disasters = [single_region(), recovery()], DISASTERS[:1]
    rehearse(
        "counter",
        options=options,
        disasters=disasters,
        seeds=[1],
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize("terminal", [True, False])
def test_the_command_shows_a_bar_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr("ddbha.testing.rehearsal.DISASTERS", DISASTERS[:2])
    monkeypatch.setattr("ddbha.testing.rehearsal.OPTIONS", [single_region()])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    main(["options", "counter", "--seeds", "1"])
    shown = capsys.readouterr().err
    half, full = f"[{'#' * 20}{' ' * 20}] 1 of 2", f"[{'#' * 40}] 2 of 2"
    assert shown == (f"\r{half}\r{full}\n" if terminal else "")


def test_disasters_that_cannot_happen_do_not_apply() -> None:
    disaster = Disaster("a cut", 60, lambda stage, option: None, regions=2)
    options = [single_region(), global_table()]
    matrix = rehearse("counter", options=options, disasters=[disaster], seeds=[1])
    assert words(matrix.cell("single region", "a cut")) == "does not apply"
    assert matrix.cell("single region", "a cut").worst is None
