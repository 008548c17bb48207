"""Draws docs/pictures/*.svg: a failover, two regions that diverge, and the story of a lost update.

The story is what `explore` finds in examples/explore/lost_update.py; a test sees that it still does.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
#: On light paper and on dark.
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #6b7785 } .name { font-weight: 600; fill: #2470b3 }
  .box { fill: none; stroke: #8a97a5 } .lead { stroke: #2470b3; stroke-width: 2.5 }
  .down { stroke: #c0503a; stroke-dasharray: 4 3 } .bad { fill: #c0503a } .good { fill: #2e8b57 }
  .line { stroke: #8a97a5; fill: none } .cut { stroke: #c0503a; stroke-dasharray: 4 4; fill: none }
  .arrow { stroke: #2470b3; fill: none }
"""
ARROW = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path d="M0 0 8 4 0 8z" fill="#2470b3"/></marker></defs>'
)


def svg(width: int, height: int, title: str, parts: list[str]) -> str:
    """A picture of that size."""
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'role="img">\n<title>{escape(title)}</title>\n<style>{STYLE}</style>\n{ARROW}\n{body}\n</svg>\n'
    )


def text(x: int, y: int, words: str, kind: str = "") -> str:
    """Words at a place."""
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(words)}</text>'


def arrow(x: int, y: int, to_x: int, to_y: int) -> str:
    """An arrow from one place to another."""
    return f'<path class="arrow" marker-end="url(#tip)" d="M{x} {y} L{to_x} {to_y}"/>'


def failover() -> str:
    """Three replicas before, while and after a zone is lost."""
    columns = [
        ("term 1", [("leader", "lead", 5), ("follower", "", 5), ("follower", "", 4)]),
        ("the zone is lost", [("down", "down", 5), ("longest log", "", 5), ("one behind", "", 4)]),
        ("term 2", [("down", "down", 5), ("leader", "lead", 6), ("fetches 5, then 6", "", 6)]),
    ]
    parts = []
    for column, (title, replicas) in enumerate(columns):
        x = 110 + 215 * column
        parts.append(text(x, 24, title, "name"))
        for row, (role, kind, newest) in enumerate(replicas):
            y = 40 + 62 * row
            parts.append(f'<rect class="box {kind}" x="{x}" y="{y}" width="150" height="46" rx="6"/>')
            parts.append(text(x + 10, y + 19, role, "bad" if kind == "down" else "name"))
            parts.append(text(x + 10, y + 37, f"newest record: {newest}"))
        if column:
            parts.append(arrow(x - 58, 125, x - 8, 125))
    parts += [text(10, 67 + 62 * row, f"us-east-1{zone}") for row, zone in enumerate("abc")]
    return svg(710, 230, "A partition loses its leader's zone and elects another leader", parts)


def regions() -> str:
    """Two regions that write the same item while they cannot reach each other."""
    times = [(150, "12:00"), (300, "12:01"), (450, "12:02"), (600, "12:03")]
    parts = [text(10, 65, "us-east-1", "name"), text(10, 155, "eu-west-1", "name")]
    parts += [f'<path class="line" d="M100 {y} H690"/>' for y in (60, 150)]
    parts += [text(x - 16, 195, time) for x, time in times]
    parts += [
        '<rect x="225" y="85" width="300" height="38" class="cut"/>',
        text(290, 109, "the network between them is cut", "bad"),
        text(118, 45, "total 35"),
        text(118, 135, "total 35"),
        text(268, 45, "writes 40"),
        text(418, 135, "writes 50"),
        text(568, 45, "total 50", "good"),
        text(568, 135, "total 50", "good"),
        *(f'<circle cx="{x}" cy="{y}" r="4" fill="#2470b3"/>' for x, y in ((300, 60), (450, 150))),
        arrow(530, 64, 596, 146),
        arrow(530, 146, 596, 64),
    ]
    return svg(710, 210, "Two regions diverge, and the last writer wins when they meet", parts)


def story() -> str:
    """The story of a lost update, as its page has it."""
    sys.path.insert(0, str(ROOT / "examples" / "explore"))
    from lost_update import FAULTS, broken

    from ddbha.exploration import FailingSchedule, explore
    from ddbha.testing.exploration.page import diagram

    try:
        explore(broken, faults=FAULTS)
    except FailingSchedule as failure:
        return diagram(failure.story, alone=True)
    raise AssertionError("the broken program of the example does not break")


PAGES = {"failover.svg": failover, "regions.svg": regions, "story.svg": story}

if __name__ == "__main__":
    for name, draw in PAGES.items():
        (PICTURES / name).write_text(draw(), encoding="utf-8")
