// What may be set on a table: capacity, expiry, stream, recovery, replicas; and its end.

import { html } from "./preact.js";
import { change, moment, useAnswer } from "./dynamodb.js";
import { Button, Choice, Form, Status, Text } from "./parts.js";
import { go } from "./route.js";
import { menu } from "./store.js";

export function Settings({ place, table, shown, again }) {
  const parts = { place, table, again };
  return html`<div class="settings">
    <${Capacity} ...${parts} /><${TimeToLive} ...${parts} /><${Stream} ...${parts} />
    <${Recovery} ...${parts} /><${Replicas} ...${parts} shown=${shown} /><${Deletion} ...${parts} /></div>`;
}

function Capacity({ place, table, again }) {
  const onDemand = table.BillingModeSummary?.BillingMode === "PAY_PER_REQUEST";
  const units = table.ProvisionedThroughput;
  const save = async (values) => {
    const request = { TableName: table.TableName, BillingMode: values.mode };
    if (values.mode === "PROVISIONED") {
      const throughput = { ReadCapacityUnits: Number(values.reads), WriteCapacityUnits: Number(values.writes) };
      request.ProvisionedThroughput = throughput;
      if (onDemand && table.GlobalSecondaryIndexes) {
        request.GlobalSecondaryIndexUpdates = table.GlobalSecondaryIndexes.map(({ IndexName }) => (
          { Update: { IndexName, ProvisionedThroughput: throughput } }));
      }
    }
    await change(place, "UpdateTable", request);
    again();
    return "Saved.";
  };
  return html`<section><h3>Capacity</h3>
    <${Form} key=${JSON.stringify([onDemand, units])} label="Capacity" onSend=${save}><div class="fields">
      <${Choice} label="Mode" name="mode" value=${onDemand ? "PAY_PER_REQUEST" : "PROVISIONED"}
        options=${[["PAY_PER_REQUEST", "on demand"], ["PROVISIONED", "provisioned"]]} />
      <${Text} label="Read units, if provisioned" name="reads" type="number" min="1"
        value=${units.ReadCapacityUnits || 5} />
      <${Text} label="Write units, if provisioned" name="writes" type="number" min="1"
        value=${units.WriteCapacityUnits || 5} />
    </div><//></section>`;
}

function TimeToLive({ place, table }) {
  const name = { TableName: table.TableName };
  const { answer, error, again } = useAnswer(place, "DescribeTimeToLive", name);
  const setting = answer?.TimeToLiveDescription;
  const enabled = ["ENABLED", "ENABLING"].includes(setting?.TimeToLiveStatus);
  const save = async (values) => {
    const TimeToLiveSpecification = { Enabled: !enabled, AttributeName: values.attribute || setting.AttributeName };
    await change(place, "UpdateTimeToLive", { ...name, TimeToLiveSpecification });
    again();
  };
  return html`<section><h3>Time to live</h3>${error && html`<p class="bad">${error}</p>`}${setting && html`
    <p><${Status}>${setting.TimeToLiveStatus}<//>${setting.AttributeName && ` by the attribute ${setting.AttributeName}`}</p>
    <${Form} label="Time to live" send=${enabled ? "Disable time to live" : "Enable time to live"} onSend=${save}>
      ${!enabled && html`<${Text} label="Attribute with the time, in seconds since the epoch" name="attribute" required />`}
    <//>`}</section>`;
}

const VIEWS = ["NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"];

function Stream({ place, table, again }) {
  const enabled = Boolean(table.StreamSpecification?.StreamEnabled);
  const save = async (values) => {
    const StreamSpecification = enabled ? { StreamEnabled: false } : { StreamEnabled: true, StreamViewType: values.view };
    await change(place, "UpdateTable", { TableName: table.TableName, StreamSpecification });
    again();
  };
  return html`<section><h3>Stream</h3><p>${enabled ? table.StreamSpecification.StreamViewType : "none"}</p>
    <${Form} label="Stream" send=${enabled ? "Disable stream" : "Enable stream"} onSend=${save}>
      ${!enabled && html`<${Choice} label="Its records have" name="view" value=${VIEWS[0]} options=${VIEWS} />`}
    <//></section>`;
}

function Recovery({ place, table }) {
  const name = { TableName: table.TableName };
  const { answer, error, again } = useAnswer(place, "DescribeContinuousBackups", name);
  const setting = answer?.ContinuousBackupsDescription.PointInTimeRecoveryDescription;
  const enabled = setting?.PointInTimeRecoveryStatus === "ENABLED";
  const save = async () => {
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: !enabled };
    await change(place, "UpdateContinuousBackups", { ...name, PointInTimeRecoverySpecification });
    again();
  };
  return html`<section><h3>Point-in-time recovery</h3>${error && html`<p class="bad">${error}</p>`}${setting && html`
    <p><${Status}>${setting.PointInTimeRecoveryStatus}<//>${enabled
      && ` from ${moment(setting.EarliestRestorableDateTime)} UTC on; restore under Backups`}</p>
    <${Form} label="Point-in-time recovery" send=${enabled ? "Disable recovery" : "Enable recovery"}
      onSend=${save} />`}</section>`;
}

function Replicas({ place, table, shown, again }) {
  const update = async (ReplicaUpdates, more = {}) => {
    await change(place, "UpdateTable", { TableName: table.TableName, ReplicaUpdates, ...more });
    again();
  };
  const goStrong = ({ region, other, how }) => update(
    [region, ...(how === "replica" ? [other] : [])].map((RegionName) => ({ Create: { RegionName } })),
    { MultiRegionConsistency: "STRONG",
      ...(how === "witness" && { GlobalTableWitnessUpdates: [{ Create: { RegionName: other } }] }) });
  const remove = async (region) => {
    if (confirm(`Remove the replica in ${region}, with its items?`)) await update([{ Delete: { RegionName: region } }]);
  };
  const replicas = table.Replicas ?? [];
  const others = menu.regions.filter((one) => one !== place.region && !shown.replicas.includes(one));
  return html`<section><h3>Global table</h3>
    <p>${replicas.length ? `${table.MultiRegionConsistency ?? "EVENTUAL"} consistency between regions`
      : "The table is in one region only."}</p>
    ${replicas.map(({ RegionName, ReplicaStatus }) => html`<div class="row" key=${RegionName}>
      <span>${RegionName}</span><${Status}>${ReplicaStatus}<//>
      <span class="end"><${Button} danger name=${`Remove the replica in ${RegionName}`}
        onPress=${() => remove(RegionName)}>Remove<//></span></div>`)}
    ${(table.GlobalTableWitnesses ?? []).map((witness) => html`<p key=${witness.RegionName}>
      ${witness.RegionName} is the witness, ${" "}<${Status}>${witness.WitnessStatus}<//></p>`)}
    <${Form} label="Add a replica" send="Add replica"
      onSend=${({ region }) => update([{ Create: { RegionName: region } }])}>
      <${Choice} label="Region" name="region" options=${others} />
    <//>
    ${replicas.length === 0 && html`<details><summary>Strong consistency between regions</summary>
      <${Form} label="Strong consistency" send="Make it strongly consistent" onSend=${goStrong}><div class="fields">
        <${Choice} label="Replica in" name="region" value="us-east-2" options=${others} />
        <${Choice} label="Third region" name="other" value="us-west-2" options=${others} />
        <${Choice} label="The third has" name="how" value="witness"
          options=${[["witness", "a witness"], ["replica", "a replica"]]} />
      </div><//></details>`}</section>`;
}

function Deletion({ place, table, again }) {
  const guarded = Boolean(table.DeletionProtectionEnabled);
  const guard = async () => {
    await change(place, "UpdateTable", { TableName: table.TableName, DeletionProtectionEnabled: !guarded });
    again();
  };
  const remove = async (values) => {
    if (values.name !== table.TableName) throw new Error("That is not the name of this table.");
    await change(place, "DeleteTable", { TableName: table.TableName });
    go(["data"]);
  };
  return html`<section><h3>Deletion</h3><p>Deletion protection is ${guarded ? "on" : "off"}.</p>
    <${Form} label="Deletion protection" onSend=${guard}
      send=${guarded ? "Switch protection off" : "Switch protection on"} />
    <${Form} label="Delete the table" send="Delete table" danger onSend=${remove}>
      <${Text} label="To delete the table, write its name" name="name" required /><//></section>`;
}
