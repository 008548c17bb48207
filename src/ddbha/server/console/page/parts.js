// Small things that all of the page is made of.

import { html, useState } from "./preact.js";
import { say } from "./store.js";

export const plural = (number, word) =>
  `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

/** A time of the world for people; all times are UTC. */
export const shownTime = (iso) => iso.replace("T", " ").replace(/(Z|\+00:00)$/, "");

/** Milliseconds after which what has changed is drawn. */
const DRAWN = 50;

/** Whoever pressed a button that is gone now goes on beside where it was, and not at the top of the page. */
function keepFocus(button, home) {
  if (!button.isConnected && document.activeElement === document.body) {
    home?.querySelector("button, summary, input, a")?.focus();
  }
}

/** A button whose name says what it is about, where its text alone does not. */
export function Button({ name, onPress, children, danger, ...more }) {
  const [busy, setBusy] = useState(false);
  const press = async ({ currentTarget: button }) => {
    if (busy) return;
    const home = button.closest("section");
    setBusy(true);
    try {
      await onPress();
    } catch (error) {
      say(error.message);
    } finally {
      setBusy(false);
      setTimeout(keepFocus, DRAWN, button, home);
    }
  };
  return html`<button type="button" aria-label=${name} aria-busy=${busy} class=${danger ? "danger" : ""}
    onClick=${press} ...${more}>${children}</button>`;
}

const GOOD = new Set(["UP", "ACTIVE", "AVAILABLE", "ENABLED"]);
const BAD = new Set(["DOWN", "UNREACHABLE", "REGION_DISABLED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS"]);

export function Status({ children }) {
  return html`<span class=${GOOD.has(children) ? "good" : BAD.has(children) ? "bad" : "late"}>${children}</span>`;
}

/** A labelled field of a form. */
export function Field({ label, children, wide }) {
  return html`<label class=${wide ? "field wide" : "field"}><span>${label}</span>${children}</label>`;
}

/** Its `value` is what is chosen; without `onChange`, what is chosen at first. */
export function Select({ name, value, options, onChange, ...more }) {
  const held = onChange ? { value, onChange: (event) => onChange(event.target.value) } : {};
  return html`<select name=${name} ...${held} ...${more}>
    ${options.map((option) => {
      const [key, text] = Array.isArray(option) ? option : [option, option];
      return html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`;
    })}
  </select>`;
}

/** A field for a line of text; `value` is what it has at first. */
export function Text({ label, value, ...more }) {
  return html`<${Field} label=${label}><input autocomplete="off" defaultValue=${value} ...${more} /><//>`;
}

/** A field to choose from. */
export function Choice({ label, ...select }) {
  return html`<${Field} label=${label}><${Select} ...${select} /><//>`;
}

/** A table that scrolls sideways where it is too wide. */
export function Grid({ label, titles, children }) {
  return html`<div class="wide-table" tabindex="0" role="region" aria-label=${label}><table class="items">
    <thead><tr>${titles.map((title) => html`<th scope="col" key=${title}>${title}</th>`)}</tr></thead>
    <tbody>${children}</tbody></table></div>`;
}

/** A form: `onSend` is given its values by name and may throw; it says when it is done. */
export function Form({ label, onSend, children, send = "Save", done, danger }) {
  const [told, setTold] = useState({ text: "", good: true });
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    const form = event.target;
    setBusy(true);
    setTold({ text: "", good: true });
    try {
      const text = await onSend(Object.fromEntries(new FormData(form)), form);
      setTold({ text: text ?? done ?? "", good: true });
    } catch (error) {
      setTold({ text: error.message, good: false });
    } finally {
      setBusy(false);
    }
  };
  return html`<form class="form" aria-label=${label} onSubmit=${submit}>
    ${children}
    <div class="row">
      <button type="submit" class=${danger ? "danger" : "main"} aria-busy=${busy}>${send}</button>
      <span role="status" class=${told.good ? "good" : "bad"}>${told.text}</span>
    </div>
  </form>`;
}
