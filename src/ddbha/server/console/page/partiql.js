// A statement of PartiQL, and what it answers.

import { html, useState } from "./preact.js";
import { call } from "./dynamodb.js";
import { ItemTable } from "./item_table.js";
import { Button, Choice, Field, Form, plural } from "./parts.js";
import { look, menu, sorted, world } from "./store.js";

export function PartiQL() {
  const [page, setPage] = useState(null);
  const regions = sorted("regions");
  const places = regions.length ? regions.map((one) => [`${one.account}/${one.name}`, `${one.name}, account ${one.account}`])
    : [[`${world.account}/${menu.region}`, menu.region]];
  const example = sorted("tables")[0]?.name ?? "orders";
  const run = async (values, before = [], NextToken = undefined) => {
    const [account, region] = values.place.split("/");
    const request = { Statement: values.statement, Limit: 100, ...(NextToken && { NextToken }) };
    const answer = await call({ account, region }, "ExecuteStatement", request);
    await look();
    setPage({ values, items: [...before, ...(answer.Items ?? [])], token: answer.NextToken });
    return answer.Items?.length || NextToken ? "" : "Done: it answers no items.";
  };
  return html`<h2>PartiQL</h2>
    <${Form} label="PartiQL statement" send="Run" onSend=${(values) => run(values)}>
      <${Choice} label="Region" name="place" options=${places} />
      <${Field} label="Statement (Ctrl+Enter runs it)"><textarea name="statement" rows="5" required spellcheck="false"
        onKeyDown=${(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form.requestSubmit()}
        defaultValue=${`SELECT * FROM "${example}"`}></textarea><//>
    <//>
    ${page?.items.length > 0 && html`<p class="quiet" role="status">${plural(page.items.length, "item")}</p>
      <${ItemTable} items=${page.items} label="What the statement answers" />`}
    ${page?.token && html`<${Button} onPress=${() => run(page.values, page.items, page.token)}>More<//>`}`;
}
