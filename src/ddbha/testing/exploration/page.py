"""A story as an HTML page: a sequence diagram in SVG, and the text; nothing is fetched from anywhere."""

from __future__ import annotations

from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbha.testing.exploration.story import Happening, Story

_LANE = 360
_MARGIN = 130
_TOP = 70
_LINE = 16
#: How wide a character of a label is, more or less.
_CHARACTER = 7.5

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --dim: #6b7785; --paper: #fff; --ok: #2470b3;
  --refused: #b3541e; --silence: #b3261e; --box: #eef2f6 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --dim: #96a2ae; --paper: #14191f;
  --ok: #6db1ea; --refused: #eda266; --silence: #f2857d; --box: #222b35 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem } .ending { color: var(--silence); white-space: pre-wrap }
h1, p, ol, ul { max-width: 70rem; margin-left: auto; margin-right: auto }
figure { margin: 0; overflow-x: auto; text-align: center } svg { max-width: 100%; height: auto }
@media (max-width: 60rem) { svg { max-width: none } }
svg text { font: 13px system-ui, sans-serif; fill: var(--ink) }
.life { stroke: var(--dim); stroke-dasharray: 3 5 } .head { fill: var(--box); stroke: var(--dim) }
.ask { stroke: var(--ink) } .ANSWERED { stroke: var(--ok) } .REFUSED { stroke: var(--refused) }
.SILENCE, .OPEN { stroke: var(--silence); stroke-dasharray: 5 4 }
svg .note { fill: var(--refused) } svg .number { fill: var(--dim) }
code { background: var(--box); padding: .1rem .4rem }
"""


def page(story: Story) -> str:
    """The whole page."""
    items = "\n".join(f"<li>{escape(str(one))}</li>" for one in story.happenings)
    decisions = "\n".join(f"<li>{escape(str(one))}</li>" for one in story.decisions)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(story.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(story.title)}</h1>
<p class="ending">{escape(story.ending)}</p>
<figure>
{diagram(story)}
</figure>
<h2>Step by step</h2>
<ol>
{items}
</ol>
<h2>What the schedule decided</h2>
<ul>
{decisions or "<li>nothing: the plain course is enough</li>"}
</ul>
<p>Again: <code>{escape(story.repetition)}</code></p>
</body>
</html>
"""


def diagram(story: Story, *, alone: bool = False) -> str:
    """The lifelines and arrows; with the style of the page where they stand `alone`.

    As wide as there are lifelines: a page shrinks it to its window, down to what can still be read.
    """
    clients = list(dict.fromkeys(one.client for one in story.happenings))
    regions = list(dict.fromkeys(one.region for one in story.happenings))
    # The regions stand between the clients, so that arrows are short.
    half = (len(clients) + 1) // 2
    lanes = [("client", name) for name in clients[:half]]
    lanes += [("region", name) for name in regions]
    lanes += [("client", name) for name in clients[half:]]
    places = {lane: _MARGIN + number * _LANE for number, lane in enumerate(lanes)}
    arrows, y = [], _TOP
    for number, one in enumerate(story.happenings, 1):
        drawn, y = _arrows(number, one, places["client", one.client], places["region", one.region], y)
        arrows.append(drawn)
    bottom, width = y + 20, 2 * _MARGIN + max(len(lanes) - 1, 0) * _LANE
    heads = [_lane(kind, name, place, bottom) for (kind, name), place in places.items()]
    title = escape(story.title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{bottom + 10}" '
        f'viewBox="0 0 {width} {bottom + 10}">\n<title>{title}</title>\n'
        + (f"<style>{_STYLE}</style>\n" if alone else "")
        + "\n".join(heads + arrows)
        + "\n</svg>"
    )


def _lane(kind: str, name: str, x: int, bottom: int) -> str:
    label = name if kind == "client" else f"DynamoDB {name}"
    return (
        f'<line class="life" x1="{x}" y1="45" x2="{x}" y2="{bottom}"/>'
        f'<rect class="head" x="{x - 100}" y="10" width="200" height="34" rx="5"/>'
        f'<text x="{x}" y="32" text-anchor="middle">{escape(label)}</text>'
    )


def _arrows(number: int, one: Happening, client: int, region: int, y: int) -> tuple[str, int]:
    """A request and its answer, from y on; also the y after them."""
    middle = (client + region) // 2
    characters = int((abs(client - region) - 20) / _CHARACTER)
    parts = []
    again = "again: " if one.again else ""
    for line in wrap(f"{number}. {again}{one.asked}", characters):
        y += _LINE
        parts.append(_text(line, middle, y))
    y += 7
    parts.append(_arrow(client, region, y, "ask"))
    for line in wrap(one.told, characters):
        y += _LINE
        parts.append(_text(line, middle, y))
    for line in wrap(one.note, characters):
        y += _LINE
        parts.append(_text(line, middle, y, "note"))
    y += 7
    if one.outcome in ("SILENCE", "OPEN"):
        # The answer gets lost half way.
        parts.append(f'<line class="SILENCE" x1="{region}" y1="{y}" x2="{middle}" y2="{y}"/>')
        cross = f"M{middle - 5} {y - 5}l10 10m0 -10l-10 10"
        parts.append(f'<path class="SILENCE" d="{cross}" style="stroke-dasharray:none"/>')
    else:
        parts.append(_arrow(region, client, y, one.outcome))
    return "".join(parts), y + 14


def _text(line: str, x: int, y: int, style: str = "label") -> str:
    return f'<text class="{style}" x="{x}" y="{y}" text-anchor="middle">{escape(line)}</text>'


def _arrow(start: int, end: int, y: int, style: str) -> str:
    back = 8 if end < start else -8
    return (
        f'<path class="{style}" fill="none" d="M{start} {y}H{end}M{end + back} {y - 4}L{end} {y}'
        f'L{end + back} {y + 4}"/>'
    )
