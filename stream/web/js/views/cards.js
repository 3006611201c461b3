// The four large figures of the overview.

import { h, setText } from "../dom.js";
import { severityIcon } from "../icons.js";
import { sparkline } from "../sparkline.js";
import { severityOf } from "../store.js";
import { duration, stamp, wallClock } from "../time.js";
import { SEVERITIES, count, plural, rate, state } from "../words.js";

const COUNT_MS = 1000; // all series are counted through at most this often

function card(label, unit, { href = null, name }) {
  const figure = h("span", { class: "figure", text: "–" });
  const note = h("span", { class: "card-note" });
  const spark = sparkline(120, 36, "card-spark");
  const element = h(
    href ? "a" : "div",
    { class: `card card-${name}`, href },
    h("span", { class: "card-label", text: label }),
    h("span", { class: "card-figure" }, figure, unit && h("span", { class: "card-unit", text: unit })),
    note,
    spark.element,
  );
  return { element, figure, note, spark };
}

/** { element, update() } */
export function cards(store) {
  const events = card("Events", "per second", { name: "events", href: "#/feeds" });
  const series = card("Series", null, { name: "series" });
  const alerts = card("Open alerts", null, { name: "alerts", href: "#/alerts?open=true" });
  const lag = card("Lag", "events waiting", { name: "lag", href: "#/feeds" });
  const all = [events, series, alerts, lag];
  const element = h("section", { class: "cards", "aria-label": "Figures" }, all.map((one) => one.element));

  let countedAt = -Infinity;

  function update() {
    const history = store.statistics;
    const now = history.at(-1);
    if (!now) return;
    const line = (one, name) => one.spark.draw(history.map((stats) => [stats.at, stats[name]]));
    line(events, "events_per_second");
    line(series, "series");
    line(alerts, "open_alerts");
    line(lag, "lag");

    setText(events.figure, rate(now.events_per_second));
    setText(events.note, `${count(now.events)} since ${stamp(now.started_at, wallClock(), false)}`);
    setText(series.figure, count(now.series));
    setText(alerts.figure, count(now.open_alerts));
    alerts.element.classList.toggle("is-alerting", now.open_alerts > 0);
    setText(lag.figure, count(now.lag));
    setText(lag.note, behind(now));
    if (performance.now() - countedAt < COUNT_MS) return;
    countedAt = performance.now();
    setText(series.note, doing(store));
    severities(alerts.note, store, now.open_alerts);
  }
  return { element, update };
}

function doing(store) {
  const counts = { ready: 0, learning: 0, silent: 0 };
  for (const row of store.rows.values()) counts[state(row, store.clock(row.feed).now).kind] += 1;
  const parts = Object.entries(counts).filter(([, n]) => n > 0);
  return parts.map(([kind, n]) => `${count(n)} ${kind}`).join(" · ");
}

function severities(note, store, open) {
  const counts = new Map();
  for (const row of store.rows.values()) {
    if (row.open_alert) counts.set(severityOf(row), (counts.get(severityOf(row)) ?? 0) + 1);
  }
  const text = [...SEVERITIES].reverse().filter((severity) => counts.has(severity));
  const key = text.map((severity) => `${severity} ${counts.get(severity)}`).join();
  if (note.dataset.key === key && key) return;
  note.dataset.key = key;
  const quiet = open ? plural(open, "episode") : "nothing unusual";
  const parts = text.map((severity) => h("span", {}, severityIcon(severity), `${counts.get(severity)} ${severity}`));
  note.replaceChildren(...(parts.length ? parts : [quiet]));
}

function behind({ lag, events_per_second: speed }) {
  if (!lag || (speed && lag / speed < 2)) return "keeping up";
  return speed ? `${duration(lag / speed)} of work` : "not moving";
}
