"""The matrix as an HTML page: what happened in words, and success over time as a small chart."""

from __future__ import annotations

from html import escape

from ddbha.testing.rehearsal.matrix import ADVICE, Cell, Matrix, Run, words

_STYLE = """
:root { color-scheme: light dark; --good: #2a9d5c; --bad: #d1495b; --line: #8888; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: .4rem .6rem; vertical-align: top; min-width: 11rem; }
th { text-align: left; }
svg { display: block; width: 100%; height: 36px; margin-top: .3rem; }
details { font-size: 12px; } pre { white-space: pre-wrap; }
"""
_WIDTH, _HEIGHT = 240, 36


def page(matrix: Matrix) -> str:
    """The whole page, complete in itself."""
    head = "".join(f"<th scope='col'>{escape(option)}</th>" for option in matrix.options)
    rows = "".join(
        f"<tr><th scope='row'>{escape(disaster)}</th>"
        + "".join(_cell(matrix.cell(option, disaster)) for option in matrix.options)
        + "</tr>"
        for disaster in matrix.disasters
    )
    costs = "".join(f"<td>{escape(cost)}</td>" for cost in matrix.costs())
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(matrix.workload)}: options of high availability</title><style>{_STYLE}</style>"
        f"<h1>{escape(matrix.workload)}</h1>"
        "<p>Each chart shows requests over time around the disaster, which begins at the mark: answered "
        "ones above, failed ones below the line.</p>"
        f"<table><thead><tr><th scope='col'>disaster</th>{head}</tr></thead><tbody>{rows}"
        f"<tr><th scope='row'>cost in capacity units</th>{costs}</tr></tbody></table>"
        f"{f'<p>{escape(ADVICE)}</p>' if matrix.spared else ''}</html>"
    )


def _cell(cell: Cell) -> str:
    worst = cell.worst
    if worst is None:
        return "<td>does not apply</td>"
    return (
        f"<td>{escape(words(cell))}{_chart(worst)}<details><summary>worst: seed {worst.seed}</summary>"
        f"<pre>{escape(worst.timeline)}</pre></details></td>"
    )


def _chart(run: Run) -> str:
    most = max((max(good, bad) for *_, good, bad in run.course), default=0) or 1
    begin, end = run.course[0][0], run.course[-1][1]
    scale = _WIDTH / (end - begin)
    middle = _HEIGHT / 2
    bars = []
    for since, until, good, bad in run.course:
        left, width = (since - begin) * scale, (until - since) * scale
        for count, color, top in ((good, "good", True), (bad, "bad", False)):
            height = middle * count / most
            if height:
                y = middle - height if top else middle
                bars.append(
                    f"<rect x='{left:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' "
                    f"fill='var(--{color})'/>"
                )
    mark = -begin * scale
    return (
        f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' preserveAspectRatio='none' "
        f"aria-label='{run.requests} requests, {run.failures} failed'>"
        f"<line x1='0' x2='{_WIDTH}' y1='{middle}' y2='{middle}' stroke='var(--line)'/>"
        f"<line x1='{mark:.1f}' x2='{mark:.1f}' y1='0' y2='{_HEIGHT}' stroke='currentColor'/>"
        f"{''.join(bars)}</svg>"
    )
