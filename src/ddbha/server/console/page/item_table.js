// Items in a table, for whoever shows some.

import { html } from "./preact.js";
import { textOf } from "./dynamodb.js";

/** Characters of a value that are shown. */
const SHOWN = 120;
/** Attributes that have a column of their own. */
const COLUMNS = 12;

export function ItemTable({ items, first = [], label, actions }) {
  const names = [...new Set([...first, ...items.flatMap((item) => Object.keys(item))])];
  const columns = names.slice(0, COLUMNS);
  const others = names.length - columns.length;
  return html`<div class="wide-table" tabindex="0" role="region" aria-label=${label}><table class="items">
    <thead><tr>${columns.map((name) => html`<th scope="col" key=${name}>${name}</th>`)}
      ${others > 0 && html`<th scope="col" class="quiet">and ${others} more</th>`}
      ${actions && html`<th scope="col">Actions</th>`}</tr></thead>
    <tbody>${items.map((item, number) => html`<tr key=${number}>
      ${columns.map((name) => html`<td key=${name}>${Object.hasOwn(item, name) && html`<${Value} value=${item[name]} />`}</td>`)}
      ${others > 0 && html`<td></td>`}
      ${actions && html`<td><span class="row">${actions(item)}</span></td>`}</tr>`)}</tbody>
  </table></div>`;
}

function Value({ value }) {
  const [type] = Object.keys(value);
  const text = textOf(value);
  return html`<span class=${`value ${type}`}>${text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}</span>${
    type === "S" ? "" : html` <span class="type">${type}</span>`}`;
}
