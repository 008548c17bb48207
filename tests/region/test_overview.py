"""What print(world) and a notebook show of a world."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import ddbha
from ddbha.api.registry import Caller
from tests.building import on_demand


def world_with_table() -> tuple[ddbha.World, Any]:
    world = ddbha.World(clock=ddbha.ManualClock())
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="tab",
        **on_demand("id"),
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return world, client


def put_on_partition_of(client: Any, value: str = "1") -> None:
    client.put_item(TableName="tab", Item={"id": {"S": value}, "written": {"S": value}})


class Cells(HTMLParser):
    """The rows of the body of an HTML table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        self._open = tag in ("td", "th")
        if self._open:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.rows[-1][-1] += data


def test_an_untouched_replica_set_is_level() -> None:
    world, client = world_with_table()
    for number in range(20):
        put_on_partition_of(client, str(number))
    text = str(world)
    assert "lag" not in text
    for line in re.findall(r"partition \d+ term 1: .*", text):
        assert line.count("*") == 1
        assert len({re.sub(r"\D", "", r.split(" UP ")[1]) for r in line.split(": ")[1].split(", ")}) == 1


def test_a_lagging_and_a_lost_zone_show_how_far_they_are_behind() -> None:
    world, client = world_with_table()
    world.faults.zone_outage("us-east-1c")
    world.faults.follower_lag("us-east-1b", seconds=60)
    for number in range(20):
        put_on_partition_of(client, str(number))
    world.clock.sleep(5)
    text = str(world)
    assert "down: us-east-1c" in text
    assert re.search(r"us-east-1b UP [1-9]\d* applied 0 lag 5 s", text)
    assert re.search(r"us-east-1c DOWN 0 lag 5 s", text)
    rows = Cells(world._repr_html_()).rows
    assert rows[0] == ["region", "table", "partition", "zone", "status", "last", "applied", "lag (s)"]
    assert any(row[3:5] == ["us-east-1c", "DOWN"] and row[7] == "5" for row in rows)
    assert any(row[3] == "us-east-1a *" and row[7] == "0" for row in rows)
    world.faults.end_all()
    assert "lag" not in str(world)


def test_what_a_global_table_has_not_delivered_is_shown() -> None:
    world, client = world_with_table()
    client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    client.get_waiter("table_exists").wait(TableName="tab")
    world.clock.sleep(600)
    client.describe_table(TableName="tab")
    cut = world.faults.network_cut("us-east-1", "eu-west-1")
    put_on_partition_of(client)
    put_on_partition_of(client, "2")
    assert "tab ACTIVE, 2 pending to eu-west-1" in str(world)
    assert "2 pending to eu-west-1" in world._repr_html_()
    cut.end()
    assert "0 pending to eu-west-1" in str(world)


def test_html_is_escaped_and_shows_regions_without_tables() -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    world.engine.region(Caller("<b>&", "us-east-1"))
    html = world._repr_html_()
    assert "<b>" not in html
    assert Cells(html).rows[1][0] == "us-east-1 (<b>&)"
