// The page: its header, and which of its views is shown.

import { html, render, useEffect, useErrorBoundary } from "./preact.js";
import { Availability } from "./availability.js";
import { Data } from "./data.js";
import { Button, shownTime } from "./parts.js";
import { to, useRoute } from "./route.js";
import { act, begin, message, useWorld } from "./store.js";
import { Timeline } from "./timeline.js";

const VIEWS = { availability: ["Availability", Availability], data: ["Data", Data],
  timeline: ["Timeline", Timeline] };
const STEPS = [[1, "+1 s", "one second"], [60, "+1 min", "one minute"], [3600, "+1 h", "one hour"],
  [86400, "+1 day", "one day"]];

function Header({ view }) {
  const world = useWorld();
  return html`<header>
    <h1>ddbha</h1>
    <nav aria-label="Views">
      ${Object.entries(VIEWS).map(([name, [title]]) => html`
        <a key=${name} href=${to([name])} aria-current=${name === view ? "page" : undefined}>${title}</a>`)}
    </nav>
    <span id="time">${world.known ? `${shownTime(world.time)} UTC` : ""}</span>
    <span class="quiet">seed ${world.seed}</span>
    <span class="row" role="group" aria-label="Advance the clock">
      ${STEPS.map(([seconds, text, words]) => html`
        <${Button} key=${seconds} name=${`${text}, advance the clock by ${words}`} data-seconds=${seconds}
          onPress=${() => act("advance", { seconds })}>${text}<//>`)}
    </span>
    <span id="message" role="alert">${message.text}</span>
  </header>`;
}

/** A view; one that fails says so, and leaves the others as they are. */
function Shown({ View, parts, asked }) {
  const [error] = useErrorBoundary();
  if (error) return html`<section class="card bad" role="alert">This cannot be shown: ${String(error)}</section>`;
  return html`<${View} parts=${parts} asked=${asked} />`;
}

function Page() {
  const { parts, asked } = useRoute();
  const view = Object.hasOwn(VIEWS, parts[0]) ? parts[0] : "availability";
  const [title, View] = VIEWS[view];
  useEffect(() => {
    document.title = `${title} – ddbha console`;
  }, [title]);
  return html`<${Header} view=${view} /><main id="main">
    <${Shown} key=${parts.slice(0, 4).join("/")} View=${View} parts=${parts.slice(1)} asked=${asked} /></main>`;
}

render(html`<${Page} />`, document.getElementById("page"));
begin();
