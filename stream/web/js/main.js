// Start: the frame of the page, the connection, and one view at a time as the address bar says.

import { connection } from "./connection.js";
import { h, isTyping, setAttribute } from "./dom.js";
import { help } from "./help.js";
import { logo } from "./icons.js";
import { Live } from "./live.js";
import { parse } from "./route.js";
import { Store } from "./store.js";
import { count } from "./words.js";
import { alerts } from "./views/alerts.js";
import { feeds } from "./views/feeds.js";
import { overview } from "./views/overview.js";
import { series } from "./views/series.js";

const VIEWS = { overview, series, alerts, feeds };
const LINKS = [
  ["overview", "#/", "Overview"],
  ["alerts", "#/alerts?open=true", "Alerts"],
  ["feeds", "#/feeds", "Feeds"],
];

const live = new Live();
const store = new Store(live);
const guide = help();
const status = connection(live);
const badge = h("span", { class: "badge", hidden: true });
const links = LINKS.map(([page, href, text]) => h("a", { href, data: { page } }, text, page === "alerts" && badge));

document.body.append(
  h("a", { class: "skip", href: "#main", text: "Skip to content", on: { click: skip } }),
  h(
    "header",
    { class: "top" },
    h("a", { class: "brand", href: "#/", "aria-label": "liquidstream, overview" }, logo(), h("span", { text: "liquidstream" })),
    h("nav", { class: "nav", "aria-label": "Pages" }, links),
    status.pill,
    h("button", { class: "round", type: "button", "aria-label": "Help", title: "Help (?)", text: "?", on: { click: guide.open } }),
  ),
  status.banner,
  guide.element,
);

let view = null;

function skip(event) {
  event.preventDefault();
  document.querySelector("#main")?.focus();
}

function show() {
  const route = parse(location.hash);
  if (view?.accepts?.(route)) return;
  view?.stop();
  view?.element.remove();
  view = VIEWS[route.page]({ store, live, route });
  document.body.append(view.element);
  scrollTo(0, 0);
  view.start?.();
  for (const link of links) {
    const isHere = link.dataset.page === route.page || (route.page === "series" && link.dataset.page === "overview");
    setAttribute(link, "aria-current", isHere ? "page" : null);
  }
  title();
}

function title() {
  const open = live.state === "paused" ? 0 : (store.statistics.at(-1)?.open_alerts ?? 0);
  badge.hidden = !open;
  badge.textContent = count(open);
  setAttribute(badge, "aria-label", `${open} open`);
  const text = `${open ? `(${open}) ` : ""}${view?.title ?? ""} · liquidstream`;
  if (document.title !== text) document.title = text;
}

addEventListener("hashchange", show);
store.addEventListener("stats", title);
live.addEventListener("state", title);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (view?.key?.(event)) event.preventDefault();
  else if (event.key === "?" && !isTyping()) guide.open();
});

document.querySelector("#boot")?.remove();
show();
