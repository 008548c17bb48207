// Small charts of a table over the world's time, drawn as SVG.

import { html, useEffect, useState } from "./preact.js";
import { Select } from "./parts.js";
import { fetched, useWorld } from "./store.js";

const WIDTH = 260;
const HEIGHT = 70;
const SPANS = [["600", "10 minutes"], ["3600", "an hour"], ["21600", "6 hours"], ["86400", "a day"]];

export function Charts({ table }) {
  const world = useWorld();
  const [seconds, setSeconds] = useState("3600");
  const [drawn, setDrawn] = useState(null);
  const [shown, setShown] = useState(false);
  // Metrics are of minutes, lags of moments: both are asked for when the table or the time has changed.
  const asked = shown ? JSON.stringify([seconds, table.consumed, table.throttled, world.time.slice(0, 18)]) : "";
  useEffect(() => {
    if (!shown) return undefined;
    let current = true;
    const { account, region, name } = table;
    fetched("/console/charts", { account, region, table: name, seconds }).then(
      (answer) => current && setDrawn(answer), () => {});
    return () => { current = false; };
  }, [asked]);
  return html`<details class="charts" onToggle=${(event) => setShown(event.target.open)}>
    <summary>Charts of ${table.name}</summary>
    <label class="field"><span>The last</span>
      <${Select} value=${seconds} options=${SPANS} onChange=${setSeconds} /></label>
    ${drawn && html`<div class="chart-row">${drawn.charts.map((chart) => html`
      <${Chart} key=${chart.name} chart=${chart} start=${drawn.start} end=${drawn.end} minute=${drawn.minute} />`)}</div>`}
  </details>`;
}

const shownNumber = (value) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3))).toLocaleString("en");

function inWords([name, points]) {
  const highest = Math.max(...points.map(([, value]) => value));
  return `${name}: at most ${shownNumber(highest)}, last ${shownNumber(points.at(-1)[1])}`;
}

function Chart({ chart, start, end, minute }) {
  const series = Object.entries(chart.series).filter(([, points]) => points.length);
  const highest = Math.max(0, ...series.flatMap(([, points]) => points.map(([, value]) => value)));
  const sampled = chart.unit.includes("whenever");
  const place = (time) => ((time - start) / (end - start || 1)) * WIDTH;
  const height = (value) => HEIGHT - (value / (highest || 1)) * (HEIGHT - 6);
  const bar = Math.max(2, (minute / (end - start || 1)) * WIDTH - 1);
  const words = series.map(inWords).join("; ") || "nothing";
  const clock = (time) => new Date(time * 1000).toISOString().slice(11, 16);
  return html`<figure class="chart">
    <figcaption>${chart.name}<div class="quiet">${chart.unit}</div></figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${`${chart.name}, ${chart.unit}. ${words}`}>
      <line x1="0" y1=${HEIGHT - 0.5} x2=${WIDTH} y2=${HEIGHT - 0.5} class="axis" />
      ${series.map(([name, points], number) => (sampled
        ? html`<path key=${name} class=${`line series-${number % 4}`} d=${steps(points, place, height)} />`
        : points.map(([time, value]) => value > 0 && html`<rect key=${`${name}${time}`} class=${`bar series-${number % 4}`}
            x=${Math.min(WIDTH - bar / 2, Math.max(0, place(time) + (number * bar) / series.length))} y=${height(value)}
            width=${bar / series.length} height=${HEIGHT - height(value)} />`)))}
    </svg>
    <div class="row ends quiet"><span>${clock(start)}</span><span>${clock(end)}</span></div>
    <div class="quiet">${words}</div>
    ${series.length > 1 && html`<div class="row">${series.map(([name], number) => html`
      <span key=${name}><span class=${`swatch series-${number % 4}`} aria-hidden="true"></span> ${name}</span>`)}</div>`}
  </figure>`;
}

/** A line that keeps each value until the next one was seen. */
function steps(points, place, height) {
  return points.map(([time, value], number) =>
    `${number ? `H${place(time)}V` : `M${place(time)},`}${height(value)}`).join("");
}
