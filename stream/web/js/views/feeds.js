// The feeds: how fast, how far behind, and what was rejected and why.

import { api } from "../api.js";
import { h, setText } from "../dom.js";
import { feedCounts, samples } from "../metrics.js";
import { format } from "../route.js";
import { failure, loading } from "../states.js";
import { ago, duration, feedClock, seconds, stamp, wallClock } from "../time.js";
import { count, plural, rate } from "../words.js";
import { bar } from "./bar.js";

const REFRESH_MS = 2000;

/** Why a record was rejected, for people. */
const REASONS = {
  empty: "no content",
  not_json: "not JSON",
  not_object: "not a JSON object",
  not_utf8: "not UTF-8 text",
  no_series: "no series",
  no_time: "no time",
  bad_time: "unreadable time",
  no_value: "no value",
  not_a_number: "text where a number belongs",
  not_finite: "not a finite number",
  too_large: "too large",
  too_deep: "nested too deeply",
};

export function feeds({ store, live }) {
  const list = h("div", { class: "feed-list" }, loading(3));
  const element = h("main", { class: "page", id: "main", tabindex: "-1" }, h("h1", { text: "Feeds" }), list);
  const listeners = new AbortController();
  let cards = new Map();
  let timer = 0;

  async function refresh() {
    clearTimeout(timer);
    try {
      const { signal } = listeners;
      const [all, metrics] = await Promise.all([store.loadFeeds(signal), api.metrics(signal)]);
      const found = samples(metrics);
      const newest = await Promise.all(all.map(({ name }) => api.list({ feed: name, sort: "time", limit: 1 }, signal)));
      show(all.map((feed, i) => ({ ...feed, ...feedCounts(found, feed), newest: newest[i].series[0]?.time ?? null })));
    } catch (error) {
      if (listeners.signal.aborted) return;
      if (!cards.size) list.replaceChildren(failure(error, refresh));
    }
    if (!listeners.signal.aborted) timer = setTimeout(refresh, REFRESH_MS);
  }

  function show(all) {
    if (all.length !== cards.size || all.some(({ name }) => !cards.has(name))) {
      cards = new Map(all.map((feed) => [feed.name, feedCard(feed)]));
      list.replaceChildren(...[...cards.values()].map((card) => card.element));
    }
    for (const feed of all) cards.get(feed.name).update(feed);
  }

  live.addEventListener("resync", refresh, { signal: listeners.signal });
  live.open();
  refresh();
  return {
    element,
    title: "Feeds",
    stop() {
      listeners.abort();
      clearTimeout(timer);
    },
    key: (event) => event.key === "Escape" && Boolean((location.hash = "#/")),
  };
}

function feedCard(feed) {
  const names = ["Events per second", "Events waiting", "Events so far", "Series", "Newest event", "Forecast ahead"];
  const values = names.map(() => h("dd"));
  const rejected = h("div", { class: "rejected" });
  let before = null; // the counts of one refresh ago, for the rate
  const element = h(
    "section",
    { class: "panel feed", "aria-label": feed.name },
    h(
      "header",
      {},
      h("h2", { text: feed.label ?? feed.name }),
      h("span", { class: "muted", text: [feed.label && feed.name, feed.unit && `in ${feed.unit}`].filter(Boolean).join(" · ") }),
      h("a", { class: "button", href: format({ page: "overview", query: { feed: feed.name } }), text: "Show series" }),
    ),
    h("dl", { class: "facts" }, names.map((name, i) => h("div", {}, h("dt", { text: name }), values[i]))),
    rejected,
  );

  function update(now) {
    const { now: clock, replayed } = feedClock(now.newest ?? undefined);
    const newest = Number.isFinite(now.newest) ? stamp(now.newest) : "none yet";
    const away = replayed ? `a replay, ${duration(wallClock() - now.newest)} behind` : ago(now.newest, clock);
    const at = performance.now() / 1000;
    const speed = before ? (now.events - before.events) / (at - before.at) : NaN;
    before = { at, events: now.events };
    const texts = [
      rate(Math.max(speed, 0)),
      count(now.waiting),
      count(now.events),
      count(now.series),
      Number.isFinite(now.newest) ? `${newest} (${away})` : newest,
      now.horizons.map((text) => duration(seconds(text))).join(", "),
    ];
    texts.forEach((text, i) => setText(values[i], text));
    showRejected(rejected, now.rejected);
  }
  return { element, update };
}

function showRejected(box, reasons) {
  const all = Object.entries(reasons).filter(([, n]) => n > 0);
  const key = JSON.stringify(all);
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  const total = all.reduce((sum, [, n]) => sum + n, 0);
  if (!total) {
    box.replaceChildren(h("p", { class: "muted", text: "No record was rejected." }));
    return;
  }
  all.sort((a, b) => b[1] - a[1]);
  box.replaceChildren(
    h("h3", { text: `${plural(total, "record")} rejected` }),
    h(
      "ul",
      { class: "bars" },
      all.map(([reason, n]) => bar(REASONS[reason] ?? reason, n / all[0][1], count(n))),
    ),
  );
}
