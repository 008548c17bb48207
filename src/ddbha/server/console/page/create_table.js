// A new table.

import { html, useState } from "./preact.js";
import { change } from "./dynamodb.js";
import { Choice, Field, Form, Text } from "./parts.js";
import { go } from "./route.js";
import { KeyFields, keySchema } from "./schema.js";
import { menu, world } from "./store.js";

const EXAMPLE = `{"LocalSecondaryIndexes": [{"IndexName": "by-total", "Projection": {"ProjectionType": "ALL"}, "KeySchema":
  [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "total", "KeyType": "RANGE"}]}],
 "AttributeDefinitions": [{"AttributeName": "total", "AttributeType": "N"}]}`;

/** A request with more members, as JSON tells them. */
function merged(request, text) {
  if (!text?.trim()) return request;
  const more = JSON.parse(text);
  const AttributeDefinitions = [...request.AttributeDefinitions, ...(more.AttributeDefinitions ?? [])];
  return { ...request, ...more, AttributeDefinitions };
}

export function CreateTable() {
  const [billing, setBilling] = useState("PAY_PER_REQUEST");
  if (!menu.regions.length) return null;
  const create = async (values) => {
    const place = { account: values.account, region: values.region };
    const [KeySchema, AttributeDefinitions] = keySchema(values);
    const request = { TableName: values.name, KeySchema, AttributeDefinitions, BillingMode: billing };
    if (billing === "PROVISIONED") {
      const [ReadCapacityUnits, WriteCapacityUnits] = [Number(values.reads), Number(values.writes)];
      request.ProvisionedThroughput = { ReadCapacityUnits, WriteCapacityUnits };
    }
    if (values.stream) request.StreamSpecification = { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" };
    await change(place, "CreateTable", merged(request, values.more));
    go(["data", values.account, values.region, values.name]);
  };
  return html`<h2>Create table</h2>
    <${Form} label="Create table" send="Create table" onSend=${create}>
      <div class="fields">
        <${Text} label="Name" name="name" required />
        <${Choice} label="Region" name="region" value=${menu.region} options=${menu.regions} />
        <${Text} label="Account" name="account" required pattern="[0-9]{12}" value=${world.account} />
        <${KeyFields} />
        <${Choice} label="Capacity" name="billing" value=${billing} onChange=${setBilling}
          options=${[["PAY_PER_REQUEST", "on demand"], ["PROVISIONED", "provisioned"]]} />
        ${billing === "PROVISIONED" && html`
          <${Text} label="Read units" name="reads" type="number" min="1" required value="5" />
          <${Text} label="Write units" name="writes" type="number" min="1" required value="5" />`}
        <label class="check"><input type="checkbox" name="stream" />A stream of new and old images</label>
      </div>
      <details><summary>Indexes, and all else that CreateTable takes</summary>
        <${Field} label="Members of the request, as JSON; their AttributeDefinitions are added">
          <textarea name="more" rows="8" spellcheck="false" placeholder=${EXAMPLE}></textarea><//></details>
    <//>`;
}
