// The timeline: what happened, the newest first; each moment has a link of its own.

import { html, useEffect, useState } from "./preact.js";
import { Button, Choice, Text, shownTime } from "./parts.js";
import { go, to } from "./route.js";
import { fetched, sorted, useWorld } from "./store.js";

/** A page of events, asked for anew whenever there are newer ones. */
function useEvents(asked) {
  const world = useWorld();
  const [page, setPage] = useState({ events: [], kinds: [], more: false, error: "" });
  const question = JSON.stringify(asked);
  useEffect(() => {
    let current = true;
    fetched("/console/events", JSON.parse(question)).then(
      (answer) => current && setPage({ ...answer, error: "" }),
      (error) => current && setPage((before) => ({ ...before, error: error.message })));
    return () => { current = false; };
  }, [question, world.newest_event, world.moment.split("-")[0]]);
  return page;
}

/** The newest events, for beside something else. */
export function Recent() {
  const { events } = useEvents({});
  return html`<div class="row"><h2>Timeline</h2><a class="end" href=${to(["timeline"])}>All of it</a></div>
    <${Events} events=${events.slice(0, 40)} />`;
}

function Events({ events, asked = {} }) {
  return html`<ol tabindex="0" aria-label="Timeline, the newest first">${events.map((event) => html`
    <li key=${event.number} class=${asked.until === event.time ? "marked" : ""}>
      <a class="quiet" href=${to(["timeline"], { ...asked, before: "", until: event.time })}
        aria-label=${`The moment ${shownTime(event.time)}, event ${event.number}`}>${shownTime(event.time)}</a>
      ${" "}<span class="quiet">${event.region}</span>${" "}<strong>${event.kind}</strong>
      ${" "}${Object.entries(event.details).map(([name, value]) => `${name}=${value}`).join(" ")}
    </li>`)}</ol>`;
}

export function Timeline({ asked }) {
  const page = useEvents(asked);
  const tables = [...new Set(sorted("tables").map((table) => table.name))];
  const regions = [...new Set(sorted("regions").map((region) => region.name))];
  const choose = (name) => (value) => go(["timeline"], { ...asked, before: "", [name]: value });
  const withAny = (names, chosen) => [["", "all"], ...new Set([...names, ...(chosen ? [chosen] : [])])];
  return html`<section class="card" id="timeline">
    <h2>Timeline</h2>
    <div class="fields">
      ${[["Kind", "kind", page.kinds], ["Table", "table", tables], ["Region", "region", regions]].map(
        ([label, name, names]) => html`<${Choice} key=${name} label=${label} value=${asked[name] ?? ""}
          options=${withAny(names, asked[name])} onChange=${choose(name)} />`)}
      <${Text} key=${asked.until ?? ""} label="Until, UTC" value=${asked.until ?? ""}
        placeholder="2026-01-01T00:00:00Z" onChange=${(event) => choose("until")(event.target.value.trim())} />
    </div>
    <div class="row" role="status">
      ${page.error && html`<span class="bad">${page.error}</span>`}
      ${asked.until && html`<span>Up to ${shownTime(asked.until)} UTC; the address of this page leads here.</span>
        <${Button} onPress=${() => choose("until")("")}>Show the newest<//>`}
    </div>
    ${page.events.length ? html`<${Events} events=${page.events} asked=${asked} />`
      : html`<p class="quiet">Nothing happened that fits.</p>`}
    ${page.more && html`<${Button} onPress=${() => choose("before")(String(page.events.at(-1).number))}>Older<//>`}
  </section>`;
}
