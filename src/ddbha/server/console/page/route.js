// Where somebody is in the page: in the hash of its address, so that every place has a link of its own.

import { useEffect, useState } from "./preact.js";

/** The parts and the questions of a hash like #/data/1/us-east-1/orders?tab=items. */
export function read(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean).map(decoded);
  return { parts, asked: Object.fromEntries(new URLSearchParams(query ?? "")) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The hash of a place. */
export function to(parts, asked = {}) {
  const given = Object.entries(asked).filter(([, value]) => value);
  const query = given.length ? `?${new URLSearchParams(given)}` : "";
  return `#/${parts.map(encodeURIComponent).join("/")}${query}`;
}

export function go(parts, asked) {
  location.hash = to(parts, asked);
}

export function useRoute() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const watcher = () => setHash(location.hash);
    addEventListener("hashchange", watcher);
    return () => removeEventListener("hashchange", watcher);
  }, []);
  return read(hash);
}
