// Items as somebody writes them: DynamoDB-JSON, or plain JSON whose numbers stay exact.

const TYPES = new Set(["S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"]);

/** A number of JSON as it was written: a JavaScript number has too few digits. */
class Written {
  constructor(text) {
    this.text = text;
  }
}

/** The item that a text says; as in `World.load_items`, it is DynamoDB-JSON if every attribute is. */
export function itemOf(text) {
  let plain;
  try {
    // Browsers that do not tell how a number was written have the nearest one that they know.
    plain = JSON.parse(text, (_, value, context) => (
      typeof value === "number" ? new Written(context?.source ?? String(value)) : value));
  } catch (problem) {
    throw new Error(`This is no JSON: ${problem.message}`);
  }
  if (plain === null || typeof plain !== "object" || Array.isArray(plain) || plain instanceof Written) {
    throw new Error("An item is an object: attributes by their names.");
  }
  return Object.values(plain).every(isTyped) ? JSON.parse(text) : marshalled(plain).M;
}

function isTyped(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value) || value instanceof Written) return false;
  const names = Object.keys(value);
  return names.length === 1 && TYPES.has(names[0]);
}

function marshalled(value) {
  if (value === null) return { NULL: true };
  if (value instanceof Written) return { N: value.text };
  if (typeof value === "string") return { S: value };
  if (typeof value === "boolean") return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(marshalled) };
  return { M: Object.fromEntries(Object.entries(value).map(([name, one]) => [name, marshalled(one)])) };
}
