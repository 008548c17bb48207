// The faults that go on, and a menu of all that there are.

import { html, useState } from "./preact.js";
import { Button, Choice, Field, Form } from "./parts.js";
import { beginFault, act, menu, message, sorted, world } from "./store.js";

export function FaultList() {
  const faults = Object.values(world.faults);
  if (!faults.length) return html`<div class="quiet">None: everything is up.</div>`;
  return html`${faults.map((fault) => html`<div class="row fault" key=${fault.number}>
      <span class=${fault.status === "ACTIVE" ? "bad" : "late"}>${fault.description}${
        fault.status === "ACTIVE" ? "" : ", not yet"}</span>
      <span class="end"><${Button} name=${`End ${fault.description}`}
        onPress=${() => act("end_fault", { number: fault.number })}>End<//></span>
    </div>`)}
    ${faults.length > 1 && html`<div class="row"><${Button} onPress=${() => act("end_all_faults")}>End all<//></div>`}`;
}

const words = (name) => name.replaceAll("_", " ");

/** What the world has of a kind that an argument is of. */
function proposals(kind) {
  if (kind === "zone") return sorted("regions").flatMap((region) => region.zones.map((zone) => zone.name));
  if (kind === "region") {
    const known = sorted("regions").map((region) => region.name);
    return known.length ? known : menu.regions;
  }
  if (kind === "place") return [...proposals("region"), ...proposals("zone")];
  if (kind === "table") return sorted("tables").map((table) => table.name);
  if (kind === "index") return sorted("tables").flatMap((table) => table.indexes);
  return [];
}

export function FaultMenu() {
  const [name, setName] = useState("zone_outage");
  const fault = menu.faults.find((one) => one.name === name);
  if (!fault) return null;
  const send = async (values) => {
    const given = {};
    for (const argument of fault.arguments) {
      const value = read(argument, values[argument.name]);
      if (value !== undefined) given[argument.name] = value;
    }
    if (!await beginFault(name, given)) throw new Error(message.text);
    return `Begun: ${words(name)}`;
  };
  return html`<details class="menu"><summary>Begin a fault</summary>
    <${Choice} label="Fault" name="fault" value=${name} onChange=${setName}
      options=${menu.faults.map((one) => [one.name, words(one.name)])} />
    <p class="quiet">${fault.text.replaceAll("`", "").replaceAll("_", " ")}</p>
    <${Form} key=${name} label=${`Begin ${words(name)}`} send=${`Begin ${words(name)}`} onSend=${send}>
      <div class="fields">${fault.arguments.map((argument) => html`
        <${ArgumentField} key=${argument.name} argument=${argument} />`)}</div>
    <//></details>`;
}

const UNITS = { seconds: "seconds", after: "begins after, seconds", duration: "lasts, seconds",
  probability: "probability, 0 to 1", times: "times at most" };

function ArgumentField({ argument }) {
  const { name, kind, required } = argument;
  const label = `${UNITS[name] ?? words(name)}${kind === "range" ? " (or from-to)" : ""}${required ? " *" : ""}`;
  const initial = argument.default ?? "";
  if (kind === "flag") {
    return html`<label class="check"><input type="checkbox" name=${name} defaultChecked=${initial} />${label}</label>`;
  }
  if (kind === "choice") {
    const options = required || initial ? argument.choices : [["", "any"], ...argument.choices];
    return html`<${Choice} label=${label} name=${name} value=${initial} options=${options} />`;
  }
  if (kind === "json") {
    return html`<${Field} label=${label} wide>
      <textarea name=${name} rows="6" required=${required} spellcheck="false"></textarea><//>`;
  }
  const numeric = kind === "number" || kind === "whole";
  const list = argument.proposed ? `proposed-${name}` : undefined;
  return html`<${Field} label=${label}>
    <input name=${name} type="text" inputmode=${numeric ? "decimal" : undefined} autocomplete="off"
      required=${required} defaultValue=${initial} list=${list} />
    ${list && html`<datalist id=${list}>${[...new Set(proposals(argument.proposed))].map((one) => html`
      <option key=${one} value=${one} />`)}</datalist>`}<//>`;
}

/** What a field says, as JSON; nothing where it is empty. */
function read({ kind }, text) {
  if (kind === "flag") return text === "on" ? true : undefined;
  if (text === undefined || text.trim() === "") return undefined;
  if (kind === "range" && /\d\s*-\s*\d/.test(text)) return text.split("-").map(Number);
  if (["number", "whole", "range"].includes(kind)) {
    const value = Number(text);
    if (Number.isNaN(value)) throw new Error(`“${text}” is no number.`);
    return value;
  }
  return text;
}
