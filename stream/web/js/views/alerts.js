// The inbox of alerts: what happened where, for how long, how bad, and why.

import { api } from "../api.js";
import { h, isTyping, paced, setAttribute, setText } from "../dom.js";
import { icon, severityChip } from "../icons.js";
import { format, parse } from "../route.js";
import { failure, loading, notice } from "../states.js";
import { ago, duration, stamp } from "../time.js";
import { score } from "../words.js";
import { more as moreOf } from "./explain.js";

const PAGE = 50;
const REDRAW_MS = 1000;
const TABS = [
  ["Open", { open: "true" }],
  ["Notified", { notified: "true" }],
  ["All", {}],
];

export function alerts({ store, live }) {
  const list = h("ol", { class: "alert-list" });
  const stateBox = h("div", {}, loading(6));
  const more = h("button", { class: "button", type: "button", text: "Show older", hidden: true, on: { click: () => load(true) } });
  const tabs = TABS.map(([text, choice]) => ({ choice, element: h("a", { class: "tab", text }) }));
  const feedName = h("span", { class: "muted" });
  const element = h(
    "main",
    { class: "page", id: "main", tabindex: "-1" },
    h("div", { class: "page-head" }, h("h1", { text: "Alerts" }), h("nav", { class: "tabs", "aria-label": "Which alerts" }, tabs.map((tab) => tab.element)), feedName),
    stateBox,
    list,
    more,
  );

  const listeners = new AbortController();
  const { signal } = listeners;
  let query = {};
  let shown = [];
  const unfolded = new Map(); // alert -> its explanation
  let next = null;
  let pending = null;

  async function load(older = false) {
    pending?.abort();
    pending = new AbortController();
    const { signal: mine } = pending;
    try {
      if (!store.feeds.size) await store.loadFeeds(mine);
      const page = await api.alerts({ ...query, limit: PAGE, cursor: older ? next : null }, mine);
      next = page.next ?? null;
      shown = older ? [...shown, ...page.alerts] : page.alerts;
      for (const alert of page.alerts) store.sawTime(alert.feed, alert.end ?? alert.peak_time);
      draw();
    } catch (error) {
      if (mine.aborted) return;
      stateBox.replaceChildren(failure(error, () => load(older)));
    }
  }

  function draw() {
    more.hidden = !next;
    stateBox.replaceChildren(...(shown.length ? [] : [nothing()]));
    list.replaceChildren(...shown.map((alert) => alertItem(alert, store, unfolded)));
  }

  const nothing = () =>
    query.open
      ? notice("No open alerts", "Every series is below the 1.0 line.", h("a", { class: "button", href: "#/alerts", text: "Show closed ones" }))
      : query.notified
      ? notice("Nothing to be woken for", "Alerts that last, or are strong, appear here.", h("a", { class: "button", href: "#/alerts", text: "Show all alerts" }))
      : notice("No alerts yet", "Episodes appear here when the score of a series reaches 1.0.");

  function read(route) {
    query = { open: route.query.open, notified: route.query.notified, feed: route.query.feed };
    for (const { choice, element: tab } of tabs) {
      tab.href = format({ page: "alerts", query: { ...route.query, open: "", notified: "", ...choice } });
      const here = choice.open === (query.open || undefined) && choice.notified === (query.notified || undefined);
      setAttribute(tab, "aria-current", here ? "page" : null);
    }
    setText(feedName, query.feed ? `in ${store.label(query.feed) ?? query.feed}` : "");
    load();
  }

  const reload = paced(() => load(), REDRAW_MS);
  live.addEventListener("alert", ({ detail }) => {
    const at = shown.findIndex(({ id }) => id === detail.id);
    if (at < 0 || query.open || query.notified) reload();
    else {
      shown[at] = detail;
      draw();
    }
  }, { signal });
  live.addEventListener("resync", () => load(), { signal });
  live.open();
  read(parse(location.hash));

  return {
    element,
    title: "Alerts",
    accepts(route) {
      if (route.page !== "alerts") return false;
      read(route);
      return true;
    },
    stop() {
      listeners.abort();
      pending?.abort();
    },
    key(event) {
      if (isTyping()) return false;
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
      if (step) move(list, step);
      else if (event.key === "Escape") location.hash = "#/";
      else return false;
      return true;
    },
  };
}

function move(list, step) {
  const links = [...list.querySelectorAll("a.alert-series")];
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
}

const DIRECTIONS = { above: ["up", "higher than expected"], below: ["down", "lower than expected"], none: [null, "unusual"] };

const bell = (when) => h("span", { class: "alert-told", title: `It lasted or was strong: worth waking somebody since ${when}` }, icon("bell"), "notified");

function alertItem(alert, store, unfolded) {
  const clock = store.clock(alert.feed);
  const isOpen = alert.state === "open";
  const [arrow, direction] = DIRECTIONS[alert.direction] ?? DIRECTIONS.none;
  const length = duration(Math.round((isOpen ? Math.max(clock.now, alert.peak_time) : alert.end) - alert.begin));
  const href = format({ page: "series", feed: alert.feed, series: alert.series, query: { alert: alert.id } });
  return h(
    "li",
    { class: "alert", data: { severity: alert.severity } },
    h("div", { class: "alert-severity" }, severityChip(alert.severity), alert.notified && bell(stamp(alert.notified, clock.now, false))),
    h(
      "div",
      { class: "alert-what" },
      h("a", { class: "alert-series", href, text: alert.series }),
      h("span", { class: "muted", text: store.label(alert.feed) ?? alert.feed }),
      h("p", { class: "alert-why", text: alert.why }),
    ),
    h(
      "div",
      { class: "alert-when" },
      h("span", { class: isOpen ? "alert-open" : "", text: isOpen ? `open for ${length}` : `lasted ${length}` }),
      h("time", { datetime: new Date(alert.begin * 1000).toISOString(), title: stamp(alert.begin), text: `${stamp(alert.begin, clock.now, false)} · ${ago(alert.begin, clock.now)}` }),
    ),
    h(
      "div",
      { class: "alert-peak" },
      h("span", {}, "peak ", h("b", { text: score(alert.peak) })),
      h("span", { class: "muted direction" }, arrow && icon(arrow), direction),
    ),
    moreOf(alert, clock, unfolded),
  );
}
