// What somebody searches for, as a Query where a partition key is given, and a Scan otherwise.

import { valueOf } from "./dynamodb.js";

/** Items that are asked for at once. */
const LIMIT = 50;

/** The operation and the request for the values of the search form. */
export function requestOf(table, index, keys, types, values) {
  const written = new Expressions();
  const conditions = [];
  for (const { AttributeName: name } of keys) {
    const text = values[`key:${name}`] ?? "";
    if (text !== "") conditions.push(written.compare(name, values[`how:${name}`] ?? "=", types[name], text));
  }
  const hashes = keys.filter((key) => key.KeyType === "HASH");
  const isQuery = hashes.every((key) => (values[`key:${key.AttributeName}`] ?? "") !== "");
  const filters = isQuery ? [] : conditions;
  const attribute = (values.attribute ?? "").trim();
  if (attribute) filters.push(written.compare(attribute, values.filter, values.type, values.value));
  const request = { TableName: table.TableName, Limit: LIMIT, ...written.members() };
  if (index) request.IndexName = index;
  if (isQuery) request.KeyConditionExpression = conditions.join(" AND ");
  if (filters.length) request.FilterExpression = filters.join(" AND ");
  if (isQuery && values.backwards) request.ScanIndexForward = false;
  if (values.consistent) request.ConsistentRead = true;
  return { operation: isQuery ? "Query" : "Scan", request };
}

/** Names and values of expressions, each behind a placeholder. */
class Expressions {
  names = {};
  values = {};

  members() {
    return {
      ...(Object.keys(this.names).length && { ExpressionAttributeNames: this.names }),
      ...(Object.keys(this.values).length && { ExpressionAttributeValues: this.values }),
    };
  }

  compare(path, how, type, text) {
    const name = this.#path(path);
    if (how === "attribute_exists" || how === "attribute_not_exists") return `${how}(${name})`;
    if (how === "between") {
      const [low, high] = text.split(",").map((one) => one.trim());
      return `${name} BETWEEN ${this.#value(type, low)} AND ${this.#value(type, high ?? low)}`;
    }
    const value = this.#value(type, text);
    return how === "begins_with" || how === "contains" ? `${how}(${name}, ${value})` : `${name} ${how} ${value}`;
  }

  /** A document path like address.city: each name of it is one of its own. */
  #path(path) {
    return path.split(".").map((part) => {
      const [, name, position] = /^(.*?)((?:\[\d+\])*)$/.exec(part);
      const placeholder = `#n${Object.keys(this.names).length}`;
      this.names[placeholder] = name;
      return placeholder + position;
    }).join(".");
  }

  #value(type, text) {
    const placeholder = `:v${Object.keys(this.values).length}`;
    this.values[placeholder] = valueOf(type, text);
    return placeholder;
  }
}
