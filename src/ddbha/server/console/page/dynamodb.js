// The operations of DynamoDB, called like any other client: a request signed for a region and an account.

import { useCallback, useEffect, useState } from "./preact.js";
import { look } from "./store.js";

/** Call an operation at a place, { account, region }; AWS's errors are thrown with their code. */
export function call(place, operation, request) {
  return send(place, `DynamoDB_20120810.${operation}`, request);
}

export function callStreams(place, operation, request) {
  return send(place, `DynamoDBStreams_20120810.${operation}`, request);
}

async function send({ account, region }, target, request) {
  let answer;
  try {
    answer = await fetch("/", {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": target,
        "x-amz-date": "20260101T000000Z",
        // An access key id of twelve digits is an account; nobody looks at the signature.
        authorization: `AWS4-HMAC-SHA256 Credential=${account}/20260101/${region}/dynamodb/aws4_request, `
          + "SignedHeaders=host;x-amz-date;x-amz-target, Signature=console",
      },
      body: JSON.stringify(request),
    });
  } catch {
    throw new Error(`${region} does not answer: a fault keeps it from that, or the endpoint is gone.`);
  }
  const content = await answer.json();
  if (answer.ok) return content;
  const code = (content.__type ?? "").split("#").at(-1);
  throw new Error(`${code}: ${content.message ?? content.Message ?? ""}`);
}

/** Call an operation that changes something, and look at the world afterwards. */
export async function change(place, operation, request) {
  const answer = await call(place, operation, request);
  await look();
  return answer;
}

/** An answer, asked for when the place, the request or `also` changes, and when `again` is called. */
export function useAnswer(place, operation, request, also = "") {
  const [state, setState] = useState({ answer: null, error: "" });
  const [turn, setTurn] = useState(0);
  const again = useCallback(() => setTurn((number) => number + 1), []);
  const question = JSON.stringify([place.account, place.region, operation, request]);
  useEffect(() => setState({ answer: null, error: "" }), [question]);
  useEffect(() => {
    let current = true;
    call(place, operation, request).then(
      (answer) => current && setState({ answer, error: "" }),
      // What was answered before stays, and with it whatever somebody is writing there.
      (error) => current && setState((before) => ({ ...before, error: error.message })));
    return () => { current = false; };
  }, [question, also, turn]);
  return { ...state, again };
}

/** The value of an attribute for people. */
export function textOf(value) {
  if (value === undefined) return "";
  const [[type, held]] = Object.entries(value);
  if (type === "NULL") return "null";
  if (type === "M") return `{${Object.entries(held).map(([name, one]) => `${name}: ${textOf(one)}`).join(", ")}}`;
  if (type === "L") return `[${held.map(textOf).join(", ")}]`;
  if (["SS", "NS", "BS"].includes(type)) return `{${held.join(", ")}}`;
  return String(held);
}

/** What somebody wrote, as a value of a type. */
export function valueOf(type, text) {
  if (type === "BOOL") return { BOOL: text.trim().toLowerCase() === "true" };
  if (type === "NULL") return { NULL: true };
  return { [type]: type === "N" ? text.trim() : text };
}

/** The types of a table's key attributes, by name. */
export const typesOf = (table) => Object.fromEntries(
  table.AttributeDefinitions.map((one) => [one.AttributeName, one.AttributeType]));

/** The key of an item. */
export const keyOf = (table, item) => Object.fromEntries(
  table.KeySchema.map(({ AttributeName }) => [AttributeName, item[AttributeName]]));

/** A time of the wire, in UTC. */
export const moment = (seconds) =>
  (seconds == null ? "" : new Date(seconds * 1000).toISOString().replace("T", " ").replace("Z", ""));
