// Regions, zones, links and tables as they are, and the faults that made them so.

import { html, useState } from "./preact.js";
import { FaultList, FaultMenu } from "./faults.js";
import { Button, plural, Status } from "./parts.js";
import { Legend } from "./partitions.js";
import { act, beginFault, sorted, useWorld } from "./store.js";
import { Recent } from "./timeline.js";
import { TableCard, troubleOf } from "./table_card.js";

export function Availability() {
  const world = useWorld();
  const [searched, setSearched] = useState("");
  const regions = sorted("regions");
  const tables = sorted("tables");
  const found = tables.filter((table) => table.name.toLowerCase().includes(searched.toLowerCase()));
  return html`<div class="columns">
    <div class="stack">
      <${Links} />
      ${world.known && !regions.length && html`<section class="card quiet">
        Nothing yet: a region is here once it was asked.</section>`}
      ${tables.length > 0 && html`<section class="card row" aria-label="Tables">
        <label class="field"><span>Search tables</span>
          <input type="search" id="search" value=${searched} autocomplete="off"
            onInput=${(event) => setSearched(event.target.value)} /></label>
        <span class="quiet" role="status">${found.length === tables.length
          ? plural(tables.length, "table") : `${found.length} of ${plural(tables.length, "table")}`}</span>
        <${Legend} />
      </section>`}
      <div class="stack" id="regions">${regions.map((region) => html`
        <${Region} key=${`${region.account}/${region.name}`} region=${region}
          tables=${found.filter((table) => table.region === region.name && table.account === region.account)} />`)}
      </div>
    </div>
    <div class="stack">
      <section class="card" id="faults"><h2>Faults</h2><${FaultList} /><${FaultMenu} /></section>
      <section class="card" id="events"><${Recent} /></section>
    </div>
  </div>`;
}

function Links() {
  const links = sorted("links");
  if (!links.length) return null;
  return html`<section class="card" id="links"><h2>Links</h2>${links.map((link) => html`
    <${Link} key=${link.regions.join()} link=${link} />`)}</section>`;
}

function Link({ link }) {
  const [region, other] = link.regions;
  const [there, back] = link.pending;
  const notes = [];
  if (Math.max(...link.lag)) notes.push(`lag ${link.lag[0]} s →, ← ${link.lag[1]} s`);
  if (there + back) notes.push(`${there} → waiting, ← ${back} waiting`);
  return html`<div class="link">
    <span>${region}</span>
    <span class=${link.open ? "wire" : "wire cut"} role="img"
      aria-label=${`The link is ${link.open ? "open" : "closed"}`}></span>
    <span>${other}</span>
    <span class="late">${notes.join(", ")}</span>
    <span class="row">${link.cut && html`<span class="bad">CUT</span>`}
      <${Toggle} what=${`the link between ${region} and ${other}`} verb="Cut" back="Mend" faults=${link.faults}
        onBreak=${() => beginFault("network_cut", { region, other })} /></span>
  </div>`;
}

/** Breaks something, and mends it by ending the faults that keep it broken. */
function Toggle({ what, verb, text = verb, back, faults, onBreak }) {
  if (!faults.length) return html`<${Button} name=${`${verb} ${what}`} onPress=${onBreak}>${text}<//>`;
  const mend = async () => {
    for (const number of faults) await act("end_fault", { number });
  };
  return html`<${Button} name=${`${back} ${what}`} onPress=${mend}>${back}<//>`;
}

const SHOWS = { refused: "connections are refused", timeouts: "connections time out", errors: "errors" };

function Region({ region, tables }) {
  const lost = region.status !== "UP";
  return html`<section class=${lost ? "card down" : "card"} aria-label=${`Region ${region.name}`}>
    <div class="row">
      <h2>${region.name}</h2><span class="quiet">account ${region.account}</span>
      <${Status}>${region.status}<//>
      ${lost && html`<span class="bad">clients meet: ${SHOWS[region.shows] ?? region.shows}</span>`}
      ${region.skew !== 0 && html`<span class="late">clock ${region.skew} s off</span>`}
      <span class="end"><${Toggle} what=${`region ${region.name}`} verb="Fail" text="Fail region" back="Bring back" faults=${region.faults}
        onBreak=${() => beginFault("region_outage", { region: region.name })} /></span>
    </div>
    <div class="row zones">${region.zones.map((zone) => html`<${Zone} key=${zone.name} zone=${zone} />`)}</div>
    ${tables.map((table) => html`<${TableCard} key=${table.name} table=${table} zones=${region.zones}
      alone=${tables.length < 4 || troubleOf(table).length > 0} />`)}
  </section>`;
}

function Zone({ zone }) {
  return html`<span class="row">
    <span>${zone.name} <${Status}>${zone.status}<//></span>
    ${zone.lag > 0 && html`<span class="late">lag ${zone.lag} s</span>`}
    ${zone.left && html`<span class="late">traffic moved away</span>`}
    ${zone.cut_from.length > 0 && html`<span class="bad">cut off from ${zone.cut_from.join(", ")}</span>`}
    ${zone.status !== "UNREACHABLE" && html`<${Toggle} what=${`zone ${zone.name}`} verb="Fail" back="Bring back" faults=${zone.faults}
      onBreak=${() => beginFault("zone_outage", { zone: zone.name })} />`}
  </span>`;
}
