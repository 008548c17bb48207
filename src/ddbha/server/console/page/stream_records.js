// The records of a table's stream, shard by shard.

import { html, useEffect, useState } from "./preact.js";
import { callStreams, moment, textOf } from "./dynamodb.js";
import { Button, plural } from "./parts.js";

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
  return html`<div class="row">
      <span>${enabled ? table.StreamSpecification.StreamViewType : "The stream is disabled; what it had can be read for a day."}</span>
      <span class="quiet" role="status">${plural(read.records.length, "record")} in ${plural(read.shards.length, "shard")}, the newest first</span>
      <${Button} onPress=${load}>Read again<//>
    </div>
    ${read.error && html`<p class="bad" role="alert">${read.error}</p>`}
    <div class="wide-table" tabindex="0" role="region" aria-label="Records of the stream"><table class="items">
      <thead><tr>${["Time", "Event", "Keys", "Before", "After", "Shard"].map((title) => html`<th scope="col" key=${title}>${title}</th>`)}</tr></thead>
      <tbody>${read.records.map((record) => html`<tr key=${record.eventID}>
        <td>${moment(record.dynamodb.ApproximateCreationDateTime)}</td>
        <td>${record.eventName}${record.userIdentity ? " by DynamoDB" : ""}</td>
        ${["Keys", "OldImage", "NewImage"].map((part) => html`<td key=${part}>${record.dynamodb[part] ? textOf({ M: record.dynamodb[part] }) : ""}</td>`)}
        <td class="quiet">${record.shard.slice(-8)}</td></tr>`)}</tbody>
    </table></div>`;
}
