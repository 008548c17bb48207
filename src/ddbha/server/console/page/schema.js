// The keys and the indexes of a table.

import { html } from "./preact.js";
import { change, typesOf } from "./dynamodb.js";
import { Button, Field, Form, plural, Select, Status } from "./parts.js";

const TYPES = [["S", "string"], ["N", "number"], ["B", "binary"]];

export function Schema({ place, table, again }) {
  const types = typesOf(table);
  const keys = (schema) => schema.map((one) => `${one.AttributeName} (${one.KeyType === "HASH" ? "partition" : "sort"} key, ${types[one.AttributeName]})`).join(", ");
  const indexes = [
    ...(table.GlobalSecondaryIndexes ?? []).map((one) => ["global", one]),
    ...(table.LocalSecondaryIndexes ?? []).map((one) => ["local", one]),
    ...(table.VectorIndexes ?? []).map((one) => ["vector", one]),
  ];
  const vector = (one) => `${one.VectorAttribute.AttributeName}, ${one.Dimensions} dimensions, ${one.DistanceFunction}`;
  const remove = async (kind, name) => {
    if (!confirm(`Delete the index ${name}?`)) return;
    const updates = kind === "global" ? "GlobalSecondaryIndexUpdates" : "VectorIndexUpdates";
    await change(place, "UpdateTable", { TableName: table.TableName, [updates]: [{ Delete: { IndexName: name } }] });
    again();
  };
  const add = async (values, form) => {
    const [named, defined] = keySchema(values);
    const index = { IndexName: values.name, KeySchema: named, Projection: { ProjectionType: values.projection } };
    if (table.BillingModeSummary?.BillingMode !== "PAY_PER_REQUEST") {
      index.ProvisionedThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 5 };
    }
    await change(place, "UpdateTable", { TableName: table.TableName, AttributeDefinitions: defined,
      GlobalSecondaryIndexUpdates: [{ Create: index }] });
    form.reset();
    again();
    return `${values.name} is being created.`;
  };
  return html`<p>${keys(table.KeySchema)}</p>
    <div class="wide-table" tabindex="0" role="region" aria-label="Indexes"><table class="items">
      <thead><tr>${["Index", "Kind", "Keys", "Projection", "Status", "Items", "Actions"].map((title) => html`<th scope="col" key=${title}>${title}</th>`)}</tr></thead>
      <tbody>${indexes.map(([kind, one]) => html`<tr key=${one.IndexName}>
        <td>${one.IndexName}</td><td>${kind}</td><td>${kind === "vector" ? vector(one) : keys(one.KeySchema)}</td>
        <td>${one.Projection?.ProjectionType} ${(one.Projection?.NonKeyAttributes ?? []).join(", ")}</td>
        <td>${one.IndexStatus ? html`<${Status}>${one.IndexStatus}<//>` : ""}</td><td>${plural(one.ItemCount ?? 0, "item")}</td>
        <td>${kind !== "local" && html`<${Button} danger name=${`Delete index ${one.IndexName}`}
          onPress=${() => remove(kind, one.IndexName)}>Delete<//>`}</td>
      </tr>`)}${indexes.length === 0 && html`<tr><td class="quiet">none</td></tr>`}</tbody></table></div>
    <details><summary>Add a global index</summary>
      <${Form} label="Add a global index" send="Add index" onSend=${add}>
        <div class="fields"><${Field} label="Name"><input name="name" required autocomplete="off" /><//>
          <${KeyFields} /><${Field} label="Projection"><${Select} name="projection" value="ALL" options=${["ALL", "KEYS_ONLY"]} /><//></div>
      <//></details>
    <details><summary>All that DescribeTable answers</summary><pre tabindex="0">${JSON.stringify(table, null, 2)}</pre></details>`;
}

/** Fields for a partition key and, perhaps, a sort key. */
export function KeyFields() {
  return html`<${Field} label="Partition key"><input name="hash" required autocomplete="off" /><//>
    <${Field} label="Its type"><${Select} name="hash_type" value="S" options=${TYPES} /><//>
    <${Field} label="Sort key, if any"><input name="range" autocomplete="off" /><//>
    <${Field} label="Its type"><${Select} name="range_type" value="S" options=${TYPES} /><//>`;
}

/** The key schema and the attribute definitions that those fields say. */
export function keySchema(values) {
  const keys = [[values.hash.trim(), "HASH", values.hash_type]];
  if (values.range.trim()) keys.push([values.range.trim(), "RANGE", values.range_type]);
  return [
    keys.map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
    keys.map(([AttributeName, , AttributeType]) => ({ AttributeName, AttributeType })),
  ];
}
