// The tables of the world and what is in them.

import { html, useState } from "./preact.js";
import { Backups } from "./backups.js";
import { CreateTable } from "./create_table.js";
import { useAnswer } from "./dynamodb.js";
import { Items } from "./items.js";
import { plural, Status } from "./parts.js";
import { PartiQL } from "./partiql.js";
import { to } from "./route.js";
import { Schema } from "./schema.js";
import { Settings } from "./settings.js";
import { sorted, useWorld } from "./store.js";
import { StreamRecords } from "./stream_records.js";

const TABS = { items: ["Items", Items], schema: ["Schema and indexes", Schema], stream: ["Stream", StreamRecords],
  backups: ["Backups", Backups], settings: ["Settings", Settings] };

export function Data({ parts, asked }) {
  const world = useWorld();
  const [account, region, name, tab] = parts;
  const shown = world.tables[[account, region, name].join("/")];
  let content = html`<p class="quiet">Choose a table, or create one.</p>`;
  if (account === "create") content = html`<${CreateTable} />`;
  else if (account === "partiql") content = html`<${PartiQL} asked=${asked} />`;
  else if (shown) content = html`<${Table} key=${[account, region, name].join("/")} shown=${shown}
    tab=${Object.hasOwn(TABS, tab) ? tab : "items"} />`;
  else if (name) content = html`<p>There is no table ${name} in ${region}.</p>`;
  return html`<div class="data">
    <${TableList} chosen=${shown} />
    <section class="card" id="data">${content}</section>
  </div>`;
}

function TableList({ chosen }) {
  const [searched, setSearched] = useState("");
  const tables = sorted("tables");
  const found = tables.filter((table) => table.name.toLowerCase().includes(searched.toLowerCase()));
  const regions = [...new Set(found.map((table) => `${table.region} ${table.account}`))];
  return html`<nav class="card" aria-label="Tables" id="tables">
    <div class="row"><a href=${to(["data", "create"])}>Create table</a><a href=${to(["data", "partiql"])}>PartiQL</a></div>
    <label class="field"><span>Search tables</span><input type="search" value=${searched} autocomplete="off"
      onInput=${(event) => setSearched(event.target.value)} /></label>
    <span class="quiet" role="status">${found.length === tables.length ? plural(tables.length, "table")
      : `${found.length} of ${plural(tables.length, "table")}`}</span>
    ${regions.map((place) => html`<div key=${place}><h2>${place}</h2><ul>${found
      .filter((table) => `${table.region} ${table.account}` === place)
      .map((table) => html`<li key=${table.name}><a href=${to(["data", table.account, table.region, table.name])}
        aria-current=${table === chosen ? "page" : undefined}>${table.name}</a></li>`)}</ul></div>`)}
  </nav>`;
}

function Table({ shown, tab }) {
  const place = { account: shown.account, region: shown.region };
  // Described anew when something is seen to have changed.
  const { status, indexes, replicas, billing, stream, reachable } = shown;
  const seen = JSON.stringify([status, indexes, replicas, billing, stream, reachable]);
  const { answer, error, again } = useAnswer(place, "DescribeTable", { TableName: shown.name }, seen);
  const [, View] = TABS[tab];
  return html`<div class="row"><h2>${shown.name}</h2><span class="quiet">${shown.region}, account ${shown.account}</span>
      <${Status}>${shown.status}<//><span class="quiet">${plural(shown.items, "item")}</span>
      <a class="end" href=${to(["timeline"], { table: shown.name, region: shown.region })}>Timeline of it</a></div>
    <nav class="tabs" aria-label=${`Parts of ${shown.name}`}>${Object.entries(TABS).map(([name, [title]]) => html`
      <a key=${name} href=${to(["data", shown.account, shown.region, shown.name, name])}
        aria-current=${name === tab ? "page" : undefined}>${title}</a>`)}</nav>
    ${error && html`<p class="bad" role="alert">${error}</p>`}
    ${answer && html`<${View} key=${tab} place=${place} table=${answer.Table} shown=${shown} again=${again} />`}`;
}
