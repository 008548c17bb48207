// What the page knows of the world, kept up to date by asking for changes.

import { useEffect, useState } from "./preact.js";

/** Milliseconds between two looks at the world. */
const EVERY = 1000;

export const world = {
  known: false, seed: 0, account: "", time: "", counted_since: "", newest_event: 0, moment: "",
  regions: {}, tables: {}, links: {}, faults: {},
};

/** What went wrong last, for the alert in the header. */
export const message = { text: "", lost: false };

/** The faults that there are, and the regions; asked for once. */
export const menu = { faults: [], regions: [], region: "us-east-1" };

const watchers = new Set();

function changed() {
  for (const watcher of watchers) watcher();
}

/** The world, drawn anew whenever it has changed. */
export function useWorld() {
  const [, draw] = useState(0);
  useEffect(() => {
    const watcher = () => draw((count) => count + 1);
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }, []);
  return world;
}

export function say(text) {
  message.text = text;
  message.lost = false;
  changed();
}

/** Names of the tables, regions and so on, in order. */
export const sorted = (group) => Object.values(world[group]).sort(
  (one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));

const nameOf = (one) => [one.region ?? "", one.name ?? one.regions?.join() ?? "", one.account ?? ""].join(" ");

/** Seconds since the epoch by the world's clock. */
export const now = () => Date.parse(world.time) / 1000;

function take(state) {
  for (const name of ["seed", "account", "time", "counted_since", "newest_event", "moment"]) {
    world[name] = state[name];
  }
  for (const group of ["regions", "tables", "links", "faults"]) {
    if (state.everything) world[group] = {};
    Object.assign(world[group], state.changed[group]);
    for (const key of state.gone[group] ?? []) delete world[group][key];
  }
  world.known = true;
}

/** Answers are taken in the order of the questions: only one is under way at a time. */
let turn = Promise.resolve();

function ask(path, options) {
  const answered = turn.then(async () => {
    const answer = await fetch(`${path}?since=${world.moment}`, options);
    const content = await answer.json();
    if (!answer.ok) throw new Error(content.error);
    take(content);
    changed();
  });
  turn = answered.catch(() => {});
  return answered;
}

/** Perform an action; whether it was done.  What it says against it is shown. */
export async function act(action, given = {}) {
  try {
    await ask("/console/actions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ action, ...given }),
    });
    say("");
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
}

export const beginFault = (fault, given) => act("begin_fault", { fault, arguments: given });

/** Look now, as after an operation that changed something. */
export const look = () => ask("/console/state").catch(() => {});

async function poll() {
  try {
    // Nobody looks at a page in the background; what has happened is shown when it is back.
    if (!document.hidden) await ask("/console/state");
    if (message.lost) say("");
  } catch (error) {
    message.text = `No answer from the endpoint: ${error.message}`;
    message.lost = true;
    changed();
  }
  setTimeout(poll, EVERY);
}

export async function begin() {
  poll();
  Object.assign(menu, await (await fetch("/console/menu")).json());
  changed();
}

/** An answer of one of the console's other paths; errors are thrown. */
export async function fetched(path, asked) {
  const given = Object.entries(asked).filter(([, value]) => value !== "" && value != null);
  const answer = await fetch(`${path}?${new URLSearchParams(given)}`);
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}
