// One item, to be changed.

import { html, useLayoutEffect, useRef } from "./preact.js";
import { change } from "./dynamodb.js";
import { itemOf } from "./item_json.js";
import { Form } from "./parts.js";

export function ItemEditor({ place, table, item, isNew, onClose }) {
  const dialog = useRef(null);
  useLayoutEffect(() => dialog.current.showModal(), []);
  const save = async ({ item: text }) => {
    const request = { TableName: table.TableName, Item: itemOf(text) };
    if (isNew) {
      // A new item takes nobody's place.
      request.ConditionExpression = "attribute_not_exists(#key)";
      request.ExpressionAttributeNames = { "#key": table.KeySchema[0].AttributeName };
    }
    await change(place, "PutItem", request);
    onClose(true);
  };
  const title = isNew ? `New item of ${table.TableName}` : `Item of ${table.TableName}`;
  return html`<dialog ref=${dialog} aria-label=${title} onClose=${() => onClose(false)}>
    <h2>${title}</h2>
    <p class="quiet">DynamoDB-JSON, where each value is an object with its type, like {"S": "text"} or {"N": "1"}; or plain
      ${" JSON."}${isNew ? "" : " With another key it becomes another item, and the old one stays."}</p>
    <${Form} label=${title} onSend=${save}>
      <textarea name="item" rows="16" aria-label="The item as JSON" spellcheck="false"
        defaultValue=${JSON.stringify(item, null, 2)}></textarea>
    <//>
    <button type="button" onClick=${() => dialog.current.close()}>Cancel</button>
  </dialog>`;
}
