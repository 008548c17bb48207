// The partitions of a table or an index: who leads, and how far each replica is.

import { html } from "./preact.js";

export function Owner({ owner, region, zones }) {
  const rest = owner.count - owner.partitions.length;
  return html`<div class="wide-table" tabindex="0" role="region" aria-label=${`Partitions of ${owner.name} in ${region}`}><table>
    <thead><tr><th scope="col">${owner.name}</th>
      ${zones.map((zone) => html`<th scope="col" class="quiet" key=${zone.name}>${zone.name}</th>`)}</tr></thead>
    <tbody>
      ${owner.partitions.map((partition) => html`<tr key=${partition.number}>
        <th scope="row">partition ${partition.number} <span class="quiet">term ${partition.term}</span>
          ${!partition.serves && html` <span class="bad">no leader</span>`}</th>
        ${partition.replicas.map((replica) => html`<${Replica} key=${replica.zone} replica=${replica}
          serves=${partition.serves} />`)}</tr>`)}
      ${rest > 0 && html`<tr><td class="quiet">and ${rest} more</td></tr>`}
    </tbody>
  </table></div>`;
}

function Replica({ replica, serves }) {
  const notes = [];
  if (replica.missing) notes.push(`${replica.missing} missing`);
  if (replica.unapplied) notes.push(`${replica.unapplied} not applied`);
  if (replica.lag) notes.push(`lag ${replica.lag} s`);
  const kinds = ["replica", replica.status];
  if (replica.leader && serves) kinds.push("leader");
  if (notes.length) kinds.push("behind");
  const leads = replica.leader && serves;
  return html`<td>
    <span class=${kinds.join(" ")}>
      ${leads && html`<span role="img" aria-label="leader">★</span> `}${replica.sequence}${
        replica.status === "UP" ? "" : ` ${replica.status}`}</span>
    ${notes.length > 0 && html`<div class="late">${notes.join(", ")}</div>`}
  </td>`;
}

const MEANINGS = [
  ["★ 7", "leader", "The leader of the partition: it takes all writes and strongly consistent reads. "
    + "The number is the last record it holds."],
  ["7", "", "A follower that holds all records up to that one."],
  ["5", "behind", "“2 missing”: it was down or cut off, and lacks two records that the leader has. "
    + "“2 not applied”: it holds them, but reads do not see them yet."],
  ["5 DOWN", "DOWN", "It does not answer, because its node or zone failed. With two of three down there is "
    + "no leader, and nothing can be written."],
  ["7 UNREACHABLE", "UNREACHABLE", "Nobody reaches its region, so nobody can tell how it is."],
];

/** What the marks mean, in words. */
export function Legend() {
  return html`<details class="legend"><summary>What the marks mean</summary>
    <dl>${MEANINGS.map(([mark, kind, words]) => html`
      <div key=${mark + kind}><dt><span class=${`replica ${kind}`}>${mark}</span></dt><dd>${words}</dd></div>`)}
      <div><dt>term 2</dt><dd>How many leaders the partition has had: an election begins the next term.</dd></div>
      <div><dt>lag 3 s</dt><dd>It applies what it holds three seconds late.</dd></div>
      <div><dt>2 → waiting</dt><dd>Two writes of the left region have not arrived in the right one.</dd></div>
    </dl></details>`;
}
