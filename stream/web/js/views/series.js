// One series: what it does now, its past and its future on one axis, and why.

import { api } from "../api.js";
import { SeriesChart } from "../chart.js";
import { Points, aligned, fanOf } from "../chartdata.js";
import { h, isTyping, paced, setAttribute } from "../dom.js";
import { format, replaceQuery } from "../route.js";
import { ahead, fanHorizons, firstSpan, moved, spans, wideEnough, zoomed } from "../spans.js";
import { failure, loading } from "../states.js";
import { ORDERS, keyOf } from "../store.js";
import { seconds } from "../time.js";
import { scaleOf } from "../words.js";
import { episodes, facts, others, trust, why } from "./panels.js";
import { headline } from "./headline.js";
import { chartBox } from "./chartbox.js";

const HISTORY = 5000;
const DRAW_MS = 100;
const FORECAST_MS = 250;
const FORECAST_PATIENCE_MS = 1000; // a slower forecast does not keep back the newest values
const WATCHABLE_SECONDS = 15; // a point of a fast replay stays in sight at least so long
const PANELS_MS = 1000;
const RELOAD_MS = 2000;
const ALERTS = 50;

export function series({ store, live, route }) {
  const { feed, series: id } = route;
  const head = headline(id, feed, store);
  const box = chartBox({ choose: chooseSpan, follow });
  const side = h("aside", { class: "side", "aria-label": "About this series" });
  const body = h("div", { class: "series-body" }, loading(6));
  const element = h("main", { class: "page series", id: "main", tabindex: "-1" }, head.element, body);
  const chart = new SeriesChart(box.canvas, { zoom: zoomTo, reset: follow, point: (source) => box.read(source, points, detail) });
  const listeners = new AbortController();
  const { signal } = listeners;

  let detail = null;
  let points = new Points();
  let known = -Infinity; // time of the newest loaded result: live ones up to it are known already
  let fan = [];
  let alerts = [];
  let drift = null;
  let openElsewhere = 0;
  let choices = [];
  let span = null; // seconds; null is everything
  let chosen = false; // whether somebody chose the span
  let fixed = null; // [from, to] after a zoom; null follows the newest event
  let began = null; // [wall clock, event time] of the first live result
  let selected = route.query.alert ?? null;

  async function load() {
    try {
      if (!store.feeds.size) await store.loadFeeds(signal);
      const [one, scores, own, changes] = await Promise.all([
        api.series(feed, id, signal),
        api.scores(feed, id, { limit: HISTORY }, signal),
        api.alerts({ series: id, feed, limit: ALERTS }, signal),
        api.drift(feed, id, signal).catch(() => null), // one line less, where the state is on another worker
      ]);
      detail = one;
      points = new Points(scores);
      known = points.time.at(-1) ?? -Infinity;
      alerts = own.alerts;
      drift = changes?.drift ?? null;
      store.sawTime(feed, detail.time);
      if (!choices.length) firstLook();
      if (!box.element.isConnected) body.replaceChildren(box.element, side);
      drawAll();
      refreshForecast();
      countOthers();
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 404) live.open(); // nothing to listen to, but the connection is well
      if (!detail) body.replaceChildren(failure(error, load, h("a", { class: "button", href: "#/", text: "All series" })));
    }
  }

  /** Where the past ends: a forecast may be made from an event that has not come here yet. */
  const newest = () => Math.max(points.time.at(-1), fan[0]?.time ?? -Infinity);
  const reload = paced(load, RELOAD_MS);
  const horizon = () => Math.max(...detail.horizons.map(seconds));
  const historyLength = () => points.time.at(-1) - points.time[0] || detail.unit_seconds || 1;
  const shownLength = () => span ?? historyLength();

  /** What the address asks for, else a span that suits the horizons. */
  function firstLook() {
    choices = spans(historyLength(), detail.unit_seconds);
    const { from, to, span: asked } = route.query;
    if (from && to) fixed = [Number(from), Number(to)];
    chosen = Boolean(asked);
    span = asked === "all" ? null : asked ? Number(asked) : firstSpan(choices, horizon());
    const alert = alerts.find((one) => one.id === selected);
    if (alert && !fixed) fixed = around(alert);
  }

  function range() {
    if (fixed) return fixed;
    const origin = newest();
    return [origin - shownLength(), origin + ahead(shownLength(), horizon())];
  }

  const drawChart = paced(() => {
    if (!detail) return;
    const data = aligned(points, fan);
    chart.draw({ ...data, origin: newest(), episodes: alerts, severities: points.severity, selected }, range());
    box.show({ choices, span, fixed, points, detail, replayed: store.clock(feed).replayed });
    setAttribute(box.canvas, "data-points", points.length);
  }, DRAW_MS);

  const drawPanels = paced(() => {
    if (!detail) return;
    const clock = store.clock(feed);
    const explained = alerts.find((one) => one.id === selected) ?? alerts[0];
    side.replaceChildren(
      ...[
        why(explained, clock),
        others(feed, store.label(feed), openElsewhere),
        trust(points, detail.held),
        episodes(alerts, selected, clock, chooseAlert),
        facts(detail, clock, drift, scaleOf(points.value)),
      ].filter(Boolean),
    );
  }, PANELS_MS);

  function drawText() {
    head.show(detail, alerts.find((one) => one.state === "open"), scaleOf(points.value));
    drawPanels();
  }

  function drawAll() {
    drawText();
    drawChart();
  }

  /** In a fast replay a few days rush by in a second: show more of them, unless somebody chose. */
  function keepWatchable(time) {
    const wall = performance.now() / 1000;
    began ??= [wall, time];
    if (chosen || span === null || wall - began[0] < 1) return;
    const speed = (time - began[1]) / (wall - began[0]);
    if (span < WATCHABLE_SECONDS * speed) span = wideEnough(choices, WATCHABLE_SECONDS * speed);
  }

  const refreshForecast = paced(async () => {
    if (!detail || signal.aborted) return;
    const impatient = setTimeout(drawChart, FORECAST_PATIENCE_MS);
    try {
      fan = fanOf(await api.forecast(feed, id, fanHorizons(ahead(shownLength(), horizon())).map((s) => `${s}s`), signal));
    } catch {
      fan = []; // the past is still worth showing; the next event asks again
    }
    clearTimeout(impatient);
    drawChart();
  }, FORECAST_MS);

  async function countOthers() {
    const { alerts: open } = await api.alerts({ feed, open: true, limit: 500 }, signal).catch(() => ({ alerts: [] }));
    openElsewhere = open.filter((one) => one.series !== id).length;
    drawPanels();
  }

  function chooseSpan(length) {
    span = length;
    chosen = true;
    fixed = null;
    replaceQuery({ span: length ?? "all", from: "", to: "" });
    drawChart();
    refreshForecast();
  }

  function follow() {
    fixed = null;
    replaceQuery({ from: "", to: "" });
    drawChart();
  }

  function zoomTo(piece) {
    fixed = piece;
    replaceQuery({ from: piece[0].toFixed(3), to: piece[1].toFixed(3) });
    drawChart();
  }

  const around = ({ begin, end, peak_time: peak }) => {
    const until = end ?? Math.max(points.time.at(-1), peak);
    const margin = Math.max(0.75 * (until - begin), 40 * (detail.unit_seconds || 1));
    return [begin - margin, until + margin];
  };

  function chooseAlert(alert) {
    selected = alert.id;
    replaceQuery({ alert: alert.id });
    zoomTo(around(alert));
    drawPanels();
  }

  live.addEventListener("result", ({ detail: { feed: from, items } }) => {
    if (!detail || from !== feed) return;
    const mine = items.filter((item) => item.series === id && !(item.time <= known));
    if (!mine.length) return;
    known = -Infinity;
    if (points.misses(mine[0])) reload();
    for (const item of mine) points.push(item);
    const { series: _, ...last } = mine.at(-1);
    Object.assign(detail, last);
    store.sawTime(feed, last.time);
    keepWatchable(last.time);
    drawText();
    refreshForecast();
  }, { signal });
  live.addEventListener("alert", ({ detail: alert }) => {
    if (alert.feed !== feed) return;
    if (alert.series !== id) return void countOthers();
    alerts = [alert, ...alerts.filter((one) => one.id !== alert.id)].sort((a, b) => b.begin - a.begin);
    drawAll();
  }, { signal });
  live.addEventListener("resync", load, { signal });
  live.open({ feed, series: id });
  load();

  /** The neighbours in the overview's order. */
  function neighbour(step) {
    const rows = [...store.rows.values()].sort(ORDERS.worst);
    const at = rows.findIndex((row) => row.key === keyOf(feed, id));
    const row = at < 0 ? null : rows[at + step];
    if (row) location.hash = format({ page: "series", feed: row.feed, series: row.id });
  }

  const keys = {
    Escape: () => (location.hash = "#/"),
    j: () => neighbour(1),
    k: () => neighbour(-1),
    ArrowLeft: () => zoomTo(moved(range(), -0.25)),
    ArrowRight: () => zoomTo(moved(range(), 0.25)),
    "+": () => zoomTo(zoomed(range(), 0.5)),
    "-": () => zoomTo(zoomed(range(), 2)),
    0: follow,
  };

  return {
    element,
    title: id,
    stop() {
      listeners.abort();
      chart.destroy();
    },
    key(event) {
      if (isTyping() || !keys[event.key]) return false;
      keys[event.key]();
      return true;
    },
  };
}
