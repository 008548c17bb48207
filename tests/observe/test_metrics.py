"""Metrics: values by minute, put together by period, region and dimension."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Literal

import pytest

import ddbha
from ddbha.errors import UsageError
from ddbha.observe.metrics import KEPT, Metrics

MIDNIGHT = datetime(2026, 1, 1, tzinfo=timezone.utc)
NAME: Literal["UserErrors"] = "UserErrors"
START = MIDNIGHT.timestamp()


def moment(minute: int) -> datetime:
    return MIDNIGHT.replace(hour=minute // 60, minute=minute % 60)


@pytest.fixture
def metrics() -> Metrics:
    metrics = ddbha.World(clock=ddbha.ManualClock()).metrics
    for minute, value in ((0, 4.0), (0, 1.0), (1, 7.0), (5, 2.0)):
        metrics.put(NAME, value, START + 60 * minute + 3, "us-east-1", TableName="tab")
    metrics.put(NAME, 100.0, START, "eu-west-1", TableName="tab")
    metrics.put(NAME, 50.0, START, "us-east-1", TableName="other")
    return metrics


def test_values_are_summed_by_minute(metrics: Metrics) -> None:
    assert metrics.query(NAME, region="us-east-1", TableName="tab") == [
        (moment(0), 5.0),
        (moment(1), 7.0),
        (moment(5), 2.0),
    ]


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [("Sum", 12.0), ("SampleCount", 3.0), ("Average", 4.0), ("Minimum", 1.0), ("Maximum", 7.0)],
)
def test_periods_have_statistics(metrics: Metrics, statistic: Any, expected: float) -> None:
    found = metrics.query(NAME, region="us-east-1", period=300, statistic=statistic, TableName="tab")
    assert found[0] == (moment(0), expected)
    assert [time for time, _ in found] == [moment(0), moment(5)]


def test_regions_and_tables_add_up_where_none_is_named(metrics: Metrics) -> None:
    assert metrics.query(NAME, end=moment(1)) == [(moment(0), 155.0)]


def test_start_is_inside_and_end_is_not(metrics: Metrics) -> None:
    found = metrics.query(NAME, region="us-east-1", TableName="tab", start=moment(1), end=moment(5))
    assert found == [(moment(1), 7.0)]


def test_an_index_is_not_part_of_its_table(metrics: Metrics) -> None:
    index = "by-colour"
    metrics.put(NAME, 9.0, START, "us-east-1", TableName="tab", GlobalSecondaryIndexName=index)
    assert metrics.query(NAME, TableName="tab", GlobalSecondaryIndexName=index) == [(moment(0), 9.0)]
    assert metrics.query(NAME, TableName="tab", end=moment(1)) == [(moment(0), 105.0)]


def test_impossible_questions_are_refused(metrics: Metrics) -> None:
    with pytest.raises(UsageError, match="Average"):
        metrics.query(NAME, statistic="p99")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="multiple of 60"):
        metrics.query(NAME, period=90)


def test_old_minutes_are_forgotten() -> None:
    metrics = Metrics()
    for minute in range(KEPT + 10):
        metrics.put(NAME, 1.0, START + 60 * minute, "us-east-1")
    found = metrics.query(NAME)
    assert len(found) <= KEPT + 1
    assert found[-1][0].timestamp() == START + 60 * (KEPT + 9)
