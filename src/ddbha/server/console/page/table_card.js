// One table of a region: a line about it, and its partitions and charts when it is opened.

import { html, useState } from "./preact.js";
import { Charts } from "./charts.js";
import { plural, Status } from "./parts.js";
import { Owner } from "./partitions.js";
import { to } from "./route.js";
import { world } from "./store.js";

/** What is not as it should be, in words. */
export function troubleOf(table) {
  const trouble = [];
  if (!table.reachable) trouble.push("cannot be reached");
  let down = 0;
  let leaderless = 0;
  let missing = 0;
  let late = 0;
  for (const owner of table.owners) {
    for (const partition of owner.partitions) {
      leaderless += partition.serves ? 0 : 1;
      for (const replica of partition.replicas) {
        down += replica.status === "DOWN" ? 1 : 0;
        missing += replica.missing > 0 ? 1 : 0;
        late += replica.unapplied > 0 ? 1 : 0;
      }
    }
  }
  if (leaderless) trouble.push(`${plural(leaderless, "partition")} without a leader`);
  if (down) trouble.push(`${plural(down, "replica")} down`);
  if (missing) trouble.push(`${plural(missing, "replica")} with records missing`);
  if (late) trouble.push(`${plural(late, "replica")} with records not applied`);
  return trouble;
}

export function TableCard({ table, zones, alone }) {
  // A table opens by itself where there are few, or something is wrong; what a person chose stays.
  const [chosen, choose] = useState(null);
  const open = chosen ?? alone;
  const trouble = troubleOf(table);
  const throttled = table.throttled.Read + table.throttled.Write;
  const since = world.counted_since.slice(11, 16);
  return html`<div class="table" data-table=${table.name}>
    <div class="row">
      <h3><button type="button" class="opener" aria-expanded=${open}
      aria-label=${`${table.name} in ${table.region}`} onClick=${() => choose(!open)}>
        <span aria-hidden="true">${open ? "▾" : "▸"}</span> ${table.name}</button></h3>
      <${Status}>${table.status}<//>
      <span class="quiet">${plural(table.items, "item")}, ${plural(table.bytes, "byte")}</span>
      <span class="quiet">${table.billing === "PROVISIONED" ? "provisioned" : "on demand"}</span>
      <span class="quiet">since ${since}: ${table.consumed.Read} RCU, ${table.consumed.Write} WCU</span>
      ${throttled > 0 && html`<span class="bad">throttled in the last minute:
        ${" "}${plural(table.throttled.Read, "read")}, ${plural(table.throttled.Write, "write")}</span>`}
      ${table.replicas.length > 0 && html`<span>global: ${table.replicas.join(", ")}${
        table.consistency === "STRONG" ? ", strongly consistent" : ""}</span>`}
      ${trouble.length > 0 && html`<span class="bad">${trouble.join(", ")}</span>`}
    </div>
    ${open && html`
      <div class="row">
        <a href=${to(["data", table.account, table.region, table.name])}
          aria-label=${`Data of ${table.name} in ${table.region}`}>Data</a>
        <a href=${to(["timeline"], { table: table.name, region: table.region })}
          aria-label=${`Timeline of ${table.name} in ${table.region}`}>Timeline</a></div>
      ${table.owners.map((owner) => html`<${Owner} key=${owner.name} owner=${owner} region=${table.region} zones=${zones} />`)}
      <${Charts} table=${table} />`}
  </div>`;
}
