// The records of a table's stream, shard by shard.

import { html, useEffect, useState } from "./preact.js";
import { callStreams, moment, textOf } from "./dynamodb.js";
import { Button, Grid, plural } from "./parts.js";

/** Records that are read of a shard. */
const LIMIT = 1000;

async function readAll(place, StreamArn) {
  const shards = [];
  let last;
  do {
    const request = { StreamArn, ...(last && { ExclusiveStartShardId: last }) };
    const { StreamDescription } = await callStreams(place, "DescribeStream", request);
    shards.push(...StreamDescription.Shards);
    last = StreamDescription.LastEvaluatedShardId;
  } while (last);
  const records = await Promise.all(shards.map(async ({ ShardId }) => {
    const begin = { StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" };
    const { ShardIterator } = await callStreams(place, "GetShardIterator", begin);
    const { Records } = await callStreams(place, "GetRecords", { ShardIterator, Limit: LIMIT });
    return Records.map((record) => ({ ...record, shard: ShardId }));
  }));
  const order = (one) => one.dynamodb.SequenceNumber.padStart(40, "0");
  return { shards, records: records.flat().sort((one, other) => (order(one) < order(other) ? 1 : -1)) };
}

export function StreamRecords({ place, table, shown }) {
  const [read, setRead] = useState({ shards: [], records: [], error: "" });
  const arn = table.LatestStreamArn;
  const enabled = table.StreamSpecification?.StreamEnabled;
  const load = () => readAll(place, arn).then(
    (found) => setRead({ ...found, error: "" }), (error) => setRead({ shards: [], records: [], error: error.message }));
  // Read anew when something was written: that consumes nothing of the table.
  const written = shown.owners[0].partitions.map((one) => Math.max(...one.replicas.map((replica) => replica.sequence)));
  useEffect(() => { if (arn) load(); }, [arn, written.join()]);
  if (!arn) return html`<p>The table has no stream; its settings can give it one.</p>`;
  const view = enabled ? table.StreamSpecification.StreamViewType
    : "The stream is disabled; what it had can be read for a day.";
  return html`<div class="row"><span>${view}</span>
      <span class="quiet" role="status">${plural(read.records.length, "record")} in ${
        plural(read.shards.length, "shard")}, the newest first</span>
      <${Button} onPress=${load}>Read again<//>
    </div>
    ${read.error && html`<p class="bad" role="alert">${read.error}</p>`}
    <${Grid} label="Records of the stream" titles=${["Time", "Event", "Keys", "Before", "After", "Shard"]}>
      ${read.records.map((record) => html`<${Record} key=${record.eventID} record=${record} />`)}<//>`;
}

function Record({ record: { dynamodb, eventName, userIdentity, shard } }) {
  const image = (part) => html`<td>${dynamodb[part] ? textOf({ M: dynamodb[part] }) : ""}</td>`;
  return html`<tr><td>${moment(dynamodb.ApproximateCreationDateTime)}</td>
    <td>${eventName}${userIdentity ? " by DynamoDB" : ""}</td>
    ${["Keys", "OldImage", "NewImage"].map(image)}<td class="quiet">${shard.slice(-8)}</td></tr>`;
}
