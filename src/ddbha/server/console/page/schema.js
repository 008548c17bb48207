// The keys and the indexes of a table.

import { html } from "./preact.js";
import { change, typesOf } from "./dynamodb.js";
import { Button, Choice, Form, Grid, plural, Status, Text } from "./parts.js";

const TYPES = [["S", "string"], ["N", "number"], ["B", "binary"]];

export function Schema({ place, table, again }) {
  const types = typesOf(table);
  const indexes = [
    ...(table.GlobalSecondaryIndexes ?? []).map((one) => ["global", one]),
    ...(table.LocalSecondaryIndexes ?? []).map((one) => ["local", one]),
    ...(table.VectorIndexes ?? []).map((one) => ["vector", one]),
  ];
  const update = async (updates, more = {}) => {
    await change(place, "UpdateTable", { TableName: table.TableName, ...updates, ...more });
    again();
  };
  const remove = (kind, IndexName) => {
    const updates = kind === "global" ? "GlobalSecondaryIndexUpdates" : "VectorIndexUpdates";
    return confirm(`Delete the index ${IndexName}?`) && update({ [updates]: [{ Delete: { IndexName } }] });
  };
  const add = async (values, form) => {
    const [KeySchema, AttributeDefinitions] = keySchema(values);
    const index = { IndexName: values.name, KeySchema, Projection: { ProjectionType: values.projection } };
    if (table.BillingModeSummary?.BillingMode !== "PAY_PER_REQUEST") {
      index.ProvisionedThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 5 };
    }
    await update({ GlobalSecondaryIndexUpdates: [{ Create: index }] }, { AttributeDefinitions });
    form.reset();
    return `${values.name} is being created.`;
  };
  return html`<p>${keysOf(table, types)}</p>
    <${Grid} label="Indexes" titles=${["Index", "Kind", "Of", "Projection", "Status", "Items", "Actions"]}>
      ${indexes.map(([kind, index]) => html`<${Index} key=${index.IndexName} kind=${kind} index=${index} types=${types}
        onDelete=${() => remove(kind, index.IndexName)} />`)}
      ${indexes.length === 0 && html`<tr><td class="quiet">none</td></tr>`}<//>
    <details><summary>Add a global index</summary>
      <${Form} label="Add a global index" send="Add index" onSend=${add}><div class="fields">
        <${Text} label="Name" name="name" required /><${KeyFields} />
        <${Choice} label="Projection" name="projection" value="ALL" options=${["ALL", "KEYS_ONLY"]} />
      </div><//></details>
    <details><summary>All that DescribeTable answers</summary>
      <pre tabindex="0">${JSON.stringify(table, null, 2)}</pre></details>`;
}

function keysOf({ KeySchema }, types) {
  return KeySchema.map(({ AttributeName, KeyType }) =>
    `${AttributeName} (${KeyType === "HASH" ? "partition" : "sort"} key, ${types[AttributeName]})`).join(", ");
}

const vectorsOf = (index) =>
  `${index.VectorAttribute.AttributeName}, ${index.Dimensions} dimensions, ${index.DistanceFunction}`;

function Index({ kind, index, types, onDelete }) {
  const { ProjectionType, NonKeyAttributes = [] } = index.Projection ?? {};
  return html`<tr><td>${index.IndexName}</td><td>${kind}</td>
    <td>${kind === "vector" ? vectorsOf(index) : keysOf(index, types)}</td>
    <td>${ProjectionType} ${NonKeyAttributes.join(", ")}</td>
    <td>${index.IndexStatus && html`<${Status}>${index.IndexStatus}<//>`}</td>
    <td>${plural(index.ItemCount ?? 0, "item")}</td>
    <td>${kind !== "local" && html`<${Button} danger name=${`Delete index ${index.IndexName}`}
      onPress=${onDelete}>Delete<//>`}</td></tr>`;
}

/** Fields for a partition key and, perhaps, a sort key. */
export function KeyFields() {
  return html`<${Text} label="Partition key" name="hash" required />
    <${Choice} label="Its type" name="hash_type" value="S" options=${TYPES} />
    <${Text} label="Sort key, if any" name="range" />
    <${Choice} label="Its type" name="range_type" value="S" options=${TYPES} />`;
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
