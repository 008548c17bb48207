"""`ddbha serve` with what files hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ddbha import ManualClock, World
from ddbha.api.registry import Caller
from ddbha.cli.commands import main
from ddbha.engine import Engine
from tests.building import on_demand

HOME = Caller("123456789012", "us-east-1")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Engine]:
    """The worlds that would be served, had anybody the time to wait for them."""
    engines: list[Engine] = []
    monkeypatch.setattr("ddbha.server.run", lambda engine, **options: engines.append(engine))
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    return engines


@pytest.fixture
def template(tmp_path: Path) -> str:
    path = tmp_path / "tables.json"
    path.write_text(json.dumps({"TableName": "orders", **on_demand("id")}))
    return str(path)


@pytest.fixture
def items(tmp_path: Path) -> str:
    path = tmp_path / "orders.jsonl"
    path.write_text('{"id": "a", "total": 3}\n{"id": {"S": "b"}}\n')
    return str(path)


def scan(engine: Engine, table: str = "orders", where: Caller = HOME) -> Any:
    return engine.call("dynamodb", "Scan", {"TableName": table}, where)["Items"]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *arguments])
    assert ended.value.code == 1
    return capsys.readouterr().err


def test_a_template_and_items(served: list[Engine], template: str, items: str) -> None:
    main(["serve", "--template", template, "--items", f"orders={items}"])
    found = sorted(scan(served[0]), key=lambda item: item["id"]["S"])
    assert found == [{"id": {"S": "a"}, "total": {"N": "3"}}, {"id": {"S": "b"}}]


def test_another_region(
    served: list[Engine], template: str, items: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = ["--template", template, "--items", f"orders={items}"]
    main(["serve", *files, "--region", "eu-west-1"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    main(["serve", *files])
    for engine, region in zip(served, ("eu-west-1", "eu-west-2"), strict=True):
        assert len(scan(engine, where=Caller("123456789012", region))) == 2


def test_a_world_from_a_file(served: list[Engine], tmp_path: Path, items: str) -> None:
    world = World(seed=5, clock=ManualClock("2026-03-01T00:00:00Z"))
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="orders", **on_demand("id"))
    client.put_item(TableName="orders", Item={"id": {"S": "kept"}})
    world.save(tmp_path / "world.ddbha")
    main(["serve", "--load", str(tmp_path / "world.ddbha"), "--items", f"orders={items}"])
    assert {item["id"]["S"] for item in scan(served[0])} == {"kept", "a", "b"}
    assert served[0].settings.seed == 5
    # Its clock goes on where it stood, and stands still.
    assert served[0].clock.now().isoformat() == "2026-03-01T00:00:00+00:00"


def test_what_cannot_be_followed_is_told(
    served: list[Engine],
    template: str,
    items: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nowhere = str(tmp_path / "nowhere")
    assert "nowhere" in refused(capsys, "--load", nowhere)
    later = str(tmp_path / "later.ddbha")
    World(clock=ManualClock("2090-01-01T00:00:00Z")).save(later)
    assert "The clock is behind" in refused(capsys, "--load", later, "--clock", "manual")
    assert "ddbha: A world that is loaded has its seed" in refused(
        capsys, "--load", nowhere, "--seed", "1"
    )
    assert "nowhere" in refused(capsys, "--template", nowhere)
    assert "not 'orders'" in refused(capsys, "--items", "orders")
    assert "ResourceNotFoundException" in refused(capsys, "--items", f"orders={items}")
    assert "nowhere" in refused(capsys, "--template", template, "--items", f"orders={nowhere}")
    # Created twice, as DynamoDB says it.
    assert "Table already exists: orders" in refused(
        capsys, "--template", template, "--template", template
    )
    assert served == []
