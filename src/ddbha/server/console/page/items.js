// The items of a table or of one of its indexes: queried, filtered and changed.

import { html, useEffect, useRef, useState } from "./preact.js";
import { call, change, keyOf, textOf, typesOf } from "./dynamodb.js";
import { ItemEditor } from "./item_editor.js";
import { ItemTable } from "./item_table.js";
import { Button, Choice, Field, Form, Select, Text, plural } from "./parts.js";
import { requestOf } from "./search.js";

const OPERATORS = [["=", "="], ["<", "<"], ["<=", "≤"], [">", ">"], [">=", "≥"], ["begins_with", "begins with"],
  ["between", "between"]];
const FILTERS = [...OPERATORS, ["<>", "≠"], ["contains", "contains"], ["attribute_exists", "exists"],
  ["attribute_not_exists", "does not exist"]];

export function Items({ place, table }) {
  const [index, setIndex] = useState("");
  const [page, setPage] = useState(null);
  const [error, setError] = useState("");
  const [edited, setEdited] = useState(null);
  const asked = useRef(null);
  const types = typesOf(table);
  const indexes = [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])];
  const keys = (indexes.find((one) => one.IndexName === index) ?? table).KeySchema;
  const own = table.KeySchema.map((one) => one.AttributeName);
  const empty = Object.fromEntries(own.map((name) => [name, { [types[name]]: "" }]));

  const run = async (question, before = []) => {
    try {
      const answer = await call(place, question.operation, question.request);
      asked.current = question;
      setError("");
      setPage({ items: [...before, ...answer.Items], last: answer.LastEvaluatedKey, operation: question.operation,
        scanned: answer.ScannedCount });
    } catch (problem) {
      setError(problem.message);
    }
  };
  const again = () => run(asked.current ?? requestOf(table, "", keys, types, {}));
  useEffect(() => { again(); }, []);
  const more = () => {
    const request = { ...asked.current.request, ExclusiveStartKey: page.last };
    return run({ ...asked.current, request }, page.items);
  };
  const search = (values) => run(requestOf(table, index, keys, types, values));
  const remove = async (item) => {
    const key = keyOf(table, item);
    if (!confirm(`Delete the item ${textOf({ M: key })}?`)) return;
    await change(place, "DeleteItem", { TableName: table.TableName, Key: key });
    await again();
  };
  const edit = async (item) => {
    // An index may have a part of the item, and not the newest one.
    const request = { TableName: table.TableName, Key: keyOf(table, item), ConsistentRead: true };
    const { Item } = await call(place, "GetItem", request);
    if (Item) setEdited({ item: Item, isNew: false });
    else await again();
  };
  const named = (item) => textOf({ M: keyOf(table, item) });
  return html`
    <${Form} label="Search items" send="Search" onSend=${search}>
      <div class="fields">
        <${Choice} label="Table or index" name="index" value=${index} onChange=${setIndex}
          options=${[["", table.TableName], ...indexes.map((one) => [one.IndexName, one.IndexName])]} />
        ${keys.map((key) => html`<${Key} key=${`${index}/${key.AttributeName}`} its=${key}
          type=${types[key.AttributeName]} />`)}
        <${Text} label="Filter: attribute" name="attribute" />
        <${Choice} label="Filter: how" name="filter" value="=" options=${FILTERS} />
        <${Choice} label="Filter: type" name="type" value="S" options=${["S", "N", "BOOL", "NULL", "B"]} />
        <${Text} label="Filter: value" name="value" />
        <label class="check"><input type="checkbox" name="backwards" />Backwards</label>
        <label class="check"><input type="checkbox" name="consistent" />Strongly consistent</label>
      </div>
    <//>
    <div class="row">
      <${Button} onPress=${() => setEdited({ item: empty, isNew: true })}>New item<//>
      ${page && html`<span role="status" class="quiet">${plural(page.items.length, "item")} by ${page.operation}</span>`}
      ${error && html`<span role="alert" class="bad">${error}</span>`}
    </div>
    ${page?.items.length > 0 && html`<${ItemTable} items=${page.items} first=${own} label=${`Items of ${table.TableName}`}
      actions=${(item) => html`
        <${Button} name=${`Edit ${named(item)}`} onPress=${() => edit(item)}>Edit<//>
        <${Button} name=${`Delete ${named(item)}`} danger onPress=${() => remove(item)}>Delete<//>`} />`}
    ${page?.last && html`<${Button} onPress=${more}>More<//>`}
    ${edited && html`<${ItemEditor} place=${place} table=${table} ...${edited}
      onClose=${(saved) => { setEdited(null); if (saved) again(); }} />`}`;
}

function Key({ its, type }) {
  const name = its.AttributeName;
  if (its.KeyType === "HASH") {
    return html`<${Text} label=${`${name} (partition key, ${type})`} name=${`key:${name}`} />`;
  }
  return html`<${Field} label=${`${name} (sort key, ${type})`}><span class="row pair">
    <${Select} name=${`how:${name}`} value="=" options=${OPERATORS} aria-label=${`How ${name} compares`} />
    <input name=${`key:${name}`} autocomplete="off" aria-label=${`Value of ${name}`}
      placeholder="for between: low, high" /></span><//>`;
}
