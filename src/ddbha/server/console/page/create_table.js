// A new table.

import { html, useState } from "./preact.js";
import { change } from "./dynamodb.js";
import { Field, Form, Select } from "./parts.js";
import { go } from "./route.js";
import { KeyFields, keySchema } from "./schema.js";
import { menu, world } from "./store.js";

export function CreateTable() {
  const [billing, setBilling] = useState("PAY_PER_REQUEST");
  if (!menu.regions.length) return null;
  const create = async (values) => {
    const place = { account: values.account, region: values.region };
    const [KeySchema, AttributeDefinitions] = keySchema(values);
    const request = { TableName: values.name, KeySchema, AttributeDefinitions, BillingMode: billing };
    if (billing === "PROVISIONED") {
      request.ProvisionedThroughput = { ReadCapacityUnits: Number(values.reads), WriteCapacityUnits: Number(values.writes) };
    }
    if (values.stream) request.StreamSpecification = { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" };
    await change(place, "CreateTable", request);
    go(["data", values.account, values.region, values.name]);
  };
  return html`<h2>Create table</h2>
    <${Form} label="Create table" send="Create table" onSend=${create}>
      <div class="fields">
        <${Field} label="Name"><input name="name" required autocomplete="off" /><//>
        <${Field} label="Region"><${Select} name="region" value=${menu.region} options=${menu.regions} /><//>
        <${Field} label="Account"><input name="account" required pattern="[0-9]{12}" defaultValue=${world.account} /><//>
        <${KeyFields} />
        <${Field} label="Capacity"><${Select} name="billing" value=${billing} onChange=${setBilling}
          options=${[["PAY_PER_REQUEST", "on demand"], ["PROVISIONED", "provisioned"]]} /><//>
        ${billing === "PROVISIONED" && html`
          <${Field} label="Read units"><input name="reads" type="number" min="1" required defaultValue="5" /><//>
          <${Field} label="Write units"><input name="writes" type="number" min="1" required defaultValue="5" /><//>`}
        <label class="check"><input type="checkbox" name="stream" />A stream of new and old images</label>
      </div>
    <//>`;
}
