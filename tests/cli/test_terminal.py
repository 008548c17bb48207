"""Colour goes to terminals only."""

from __future__ import annotations

import sys

import pytest

from ddbha import ManualClock, World
from ddbha.cli.terminal import topology
from tests.building import on_demand


@pytest.fixture
def world() -> World:
    world = World(clock=ManualClock())
    world.client("dynamodb", region_name="us-east-1").create_table(TableName="orders", **on_demand("id"))
    return world


def test_a_file_gets_the_plain_text(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    topology(world)
    assert capsys.readouterr().out == f"{world}\n"


def test_a_terminal_gets_colour(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with world.faults.zone_outage("us-east-1b"):
        topology(world)
    printed = capsys.readouterr().out
    assert "\x1b[1;31mDOWN\x1b[0m" in printed
    assert "\x1b[1;36mus-east-1a*\x1b[0m" in printed


def test_a_terminal_without_rich_gets_the_plain_text(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr("ddbha.cli.terminal.find_spec", lambda name: None)
    topology(world)
    assert capsys.readouterr().out == f"{world}\n"
