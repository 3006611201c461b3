// Beside the chart: why, whether the band can be trusted, the episodes of this series, and its facts.

import { h } from "../dom.js";
import { severityChip, severityIcon, severityName } from "../icons.js";
import { BANDS, coverage } from "../chartdata.js";
import { format } from "../route.js";
import { ago, duration, seconds, stamp } from "../time.js";
import { DRIFTS, EVIDENCE, count, percent, plural, precision, quantity, score } from "../words.js";
import { bar } from "./bar.js";

const ENOUGH = 30; // values before a coverage says anything
const SHOWN_SHARE = 0.02;
const EPISODES_SHOWN = 6;

export function panel(title, ...children) {
  return h("section", { class: "panel", "aria-label": title }, h("h2", { text: title }), children);
}

/** Shares of the evidence of one alert, as bars in words. */
export function why(alert, clock) {
  if (!alert) return panel("Why?", h("p", { class: "muted", text: "Nothing to explain: the score has stayed below the 1.0 line." }));
  const shares = Object.entries(alert.shares ?? {}).filter(([, share]) => share >= SHOWN_SHARE);
  shares.sort((a, b) => b[1] - a[1]);
  const isOpen = alert.state === "open";
  const when = isOpen ? `since ${stamp(alert.begin, clock.now, false)}` : `ended ${ago(alert.end, clock.now)} after ${duration(Math.round(alert.end - alert.begin))}`;
  return panel(
    "Why?",
    h("p", { class: "why-head" }, severityChip(alert.severity), h("span", { class: "muted", text: `${when}, peak ${score(alert.peak)}` })),
    h("p", { class: "why-text", text: `${alert.why}.` }),
    shares.length > 0 &&
      h(
        "ul",
        { class: "bars" },
        shares.map(([group, share]) => bar(EVIDENCE[group]?.title ?? group, share, percent(share), EVIDENCE[group]?.text)),
      ),
    shares.length > 0 && h("p", { class: "muted small", text: `${EVIDENCE[shares[0][0]]?.title ?? shares[0][0]}: ${EVIDENCE[shares[0][0]]?.text ?? ""}.` }),
  );
}

const LEVELS = BANDS.map(({ level }) => level).reverse();
const WINDOWS = [
  ["Last hour", 3600],
  ["Last day", 86400],
  ["Last week", 7 * 86400],
];

/** Promised against real coverage, for the windows that have enough values. */
export function trust(points, held = []) {
  const newest = points.time.at(-1);
  const rows = [];
  for (const [name, length] of WINDOWS) {
    const found = coverage(points, newest - length);
    if (found.n >= ENOUGH && newest - points.time[0] > length) rows.push([name, found]);
  }
  const all = coverage(points);
  rows.push(["All kept", all]);
  if (all.n < ENOUGH) {
    return panel("Can I trust the band?", h("p", { class: "verdict", text: `Too early to tell: ${plural(all.n, "value")} so far.` }));
  }
  return panel(
    "Can I trust the band?",
    verdict(all),
    h(
      "table",
      { class: "coverage" },
      h("thead", {}, h("tr", {}, ["", ...LEVELS.map((level) => percent(level)), "values"].map((text) => h("th", { scope: "col", text })))),
      h(
        "tbody",
        {},
        rows.map(([name, { n, inside }]) =>
          h("tr", {}, h("th", { scope: "row", text: name }), LEVELS.map((level) => covered(inside[level], level)), h("td", { text: count(n) })),
        ),
      ),
    ),
    h("p", { class: "muted small", text: "Share of the values that fell inside the band that was there before they came; the mark is what it promises." }),
    ahead(held),
  );
}

/** One line: what the bands of the forecasts held in the week before the newest event. */
function ahead(held) {
  const rows = held.filter((one) => one.window === "week" && one.horizon && one.level > 0.9 && one.n >= ENOUGH);
  if (!rows.length) return null;
  const text = rows.map((one) => `${duration(seconds(one.horizon))} ahead ${percent(one.share)}`).join(", ");
  return h("p", { class: "muted small", text: `Last week the 95 % band of the forecasts held, ${text} of the values.` });
}

function covered(real, promised) {
  const fill = h("i");
  fill.style.width = Number.isFinite(real) ? percent(real, 1).replace(" ", "") : "0";
  const line = h("b");
  line.style.left = `${promised * 100}%`;
  return h("td", {}, h("span", { text: percent(real) }), h("i", { class: "coverage-bar", "aria-hidden": "true" }, fill, line));
}

function verdict({ n, inside }) {
  const room = (promised) => Math.max(0.03, 3 * Math.sqrt((promised * (1 - promised)) / n));
  const off = LEVELS.map((level) => [level, inside[level] - level]);
  const short = off.some(([level, by]) => by < -room(level));
  const wide = off.some(([level, by]) => by > room(level) + (level < 0.95 ? 0.04 : 0));
  const answer = short ? "Not fully: it is too narrow." : wide ? "Yes, but it is wider than it needs to be." : "Yes.";
  const text = `${Math.round(inside[0.95] * 100)} of 100 values fell inside the 95 % band.`;
  return h("p", { class: `verdict ${short ? "is-short" : "is-good"}` }, h("b", { text: answer }), ` ${text}`);
}

/** This series' newest episodes; a click shows one. */
export function episodes(alerts, selected, clock, choose) {
  if (!alerts.length) return null;
  return panel(
    "Alerts of this series",
    h(
      "ul",
      { class: "episodes" },
      alerts.slice(0, EPISODES_SHOWN).map((alert) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: "episode", "aria-pressed": String(alert.id === selected), on: { click: () => choose(alert) } },
            severityIcon(alert.severity, severityName(alert.severity)),
            h("span", { text: stamp(alert.begin, clock.now, false) }),
            h("span", { class: "muted", text: alert.state === "open" ? "open" : duration(Math.round(alert.end - alert.begin)) }),
            h("span", { class: "episode-peak", text: score(alert.peak) }),
          ),
        ),
      ),
    ),
  );
}

/** Other series of the feed that alert now: one cause may be behind them. */
export function others(feed, label, open) {
  if (!open) return null;
  const text = open === 1 ? "Another series of this feed has an open alert." : `${count(open)} other series of this feed have open alerts: one cause may be behind them.`;
  const href = format({ page: "alerts", query: { open: "true", feed } });
  return panel("At the same time", h("p", {}, text, " ", h("a", { href, text: `See all in ${label ?? feed}` })));
}

/** What has changed, since when, and how far the new normal is learned; null where nothing has. */
function changed(drift, clock) {
  const active = Object.entries(drift ?? {}).filter(([, one]) => one.active);
  const words = active.map(([kind, one]) => `${DRIFTS[kind] ?? kind} ${ago(one.since, clock.now)} (${count(one.learned)} of ${count(one.needed)} events learned anew)`);
  return words.join(", ") || null;
}

/** What the model knows about the series. */
export function facts(detail, clock, drift, scale) {
  const rows = [
    ["Events seen", count(detail.events)],
    ["Usual wait", duration(detail.unit_seconds)],
    ["Last wait", Number.isFinite(detail.gap) ? duration(detail.gap) : null],
    ["Last event", `${stamp(detail.time)} (${ago(detail.time, clock.now)})`],
    ["Expected", Number.isFinite(detail.expected) ? quantity(detail.expected, detail.unit, precision(detail, scale)) : null],
    ["Cycle found", detail.period_seconds ? duration(detail.period_seconds) : null],
    ["Changed for good", changed(drift, clock)],
    ["Horizons", detail.horizons.map((text) => duration(seconds(text))).join(", ")],
    ["Memory", detail.bytes ? quantity(detail.bytes, "B") : null],
    ["Feed", detail.feed],
  ];
  return panel(
    "Facts",
    h("dl", { class: "facts rows" }, rows.filter(([, text]) => text).map(([name, text]) => h("div", {}, h("dt", { text: name }), h("dd", { text })))),
    clock.replayed && h("p", { class: "muted small", text: "This feed is a replay: “ago” counts from its newest event." }),
  );
}
