"""One value says what a world is made with, for all who make worlds."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from attrs import fields_dict
from attrs.exceptions import FrozenInstanceError

import ddbha
from ddbha.settings import Arguments, Settings


def test_arguments_and_settings_are_the_same() -> None:
    assert list(Arguments.__annotations__) == list(fields_dict(Settings))


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().seed = 3  # type: ignore[misc]


def test_what_is_meant_is_accepted() -> None:
    settings = Settings.of({"clock": "2030-01-01T00:00:00Z", "timings": "aws"})
    assert settings.clock.now().isoformat() == "2030-01-01T00:00:00+00:00"
    assert settings.timings == ddbha.Timings.aws()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sede": 1}, "Did you mean seed="),
        ({"colour": "red"}, "no setting colour=. There are seed, clock"),
        ({"clock": 12.5}, "is no clock"),
        ({"timings": "slow"}, "'instant', 'aws'"),
        ({"account_id": "12"}, "twelve digits"),
        ({"account_id": 123456789012}, "twelve digits"),
        ({"stale_reads": -1}, "seconds, zero or more"),
        ({"leader_lease": float("nan")}, "seconds, zero or more"),
        ({"partition_size": 0}, "bytes, 1 or more"),
        ({"on_demand_quota": 7}, "pair of read and write units"),
        ({"seed": "7"}, "whole number"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], said: str) -> None:
    for make in (ddbha.World, lambda **settings: ddbha.mock(**settings).__enter__()):
        with pytest.raises(ddbha.DdbhaError, match=said):
            make(**given)


def test_every_setting_reaches_explore() -> None:
    """Seeds and clocks are those of the schedules."""

    def scenario(trial: Any) -> None:
        assert trial.world.engine.settings.partition_size == 5000
        trial.client("one", lambda: None)
        trial.run()

    ddbha.explore(scenario, seeds=[1], partition_size=5000)


def test_a_world_names_its_settings() -> None:
    assert "settings" in inspect.signature(ddbha.World).parameters
