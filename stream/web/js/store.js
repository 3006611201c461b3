// What the dashboard knows: feeds, series, open alerts and statistics, filled from REST and kept fresh by live events.

import { api } from "./api.js";
import { feedClock } from "./time.js";
import { rank } from "./words.js";

const PAGE = 500;
/** Series held in the browser; a service with more is searched on the server. */
export const MOST_SERIES = 10000;
const RETRY_MS = 3000;
const SPARK_POINTS = 60;
const STATISTICS_KEPT = 120;

export const keyOf = (feed, id) => `${feed}\n${id}`;

/** Dispatches `loaded`, `series` (live values), `feeds`, `stats`, `alert` and `error` after changes. */
export class Store extends EventTarget {
  /** key -> row as in GET /v1/series, with `key` */
  rows = new Map();
  /** name -> feed as in GET /v1/feeds */
  feeds = new Map();
  /** the newest statistics and the ones before: [{ at, ...stats }] */
  statistics = [];
  total = 0;
  loaded = false; // the first page is there
  complete = false; // and all others
  error = null;
  #newest = new Map();
  #loading = null;
  #again = 0;

  constructor(live) {
    super();
    live.addEventListener("result", ({ detail }) => this.#results(detail));
    live.addEventListener("alert", ({ detail }) => this.#alert(detail));
    live.addEventListener("stats", ({ detail }) => this.#stats(detail));
  }

  /** Unit of a series' values; a joint series has none. */
  unit(feed, series) {
    const known = this.feeds.get(feed);
    return known?.joint && series.endsWith(":joint") ? null : (known?.unit ?? null);
  }

  label = (feed) => this.feeds.get(feed)?.label ?? null;

  /** The feed's clock: see `feedClock`. */
  clock(feed) {
    return feedClock(this.#newest.get(feed));
  }

  newest = (feed) => this.#newest.get(feed);

  sawTime(feed, time) {
    if (Number.isFinite(time) && !(this.#newest.get(feed) >= time)) this.#newest.set(feed, time);
  }

  async loadFeeds(signal) {
    const { feeds } = await api.feeds(signal);
    this.feeds = new Map(feeds.map((feed) => [feed.name, feed]));
    this.#tell("feeds");
    return feeds;
  }

  /** Load all series (worst first, page by page) that match `filter` on the server; an older load is given up, a failed one tried again. */
  async load(filter = {}) {
    clearTimeout(this.#again);
    this.#loading?.abort();
    const { signal } = (this.#loading = new AbortController());
    try {
      const [stats] = await Promise.all([api.stats(signal), this.loadFeeds(signal)]);
      this.#stats(stats);
      const fresh = new Map();
      this.complete = false;
      for (let cursor; ; ) {
        const page = await api.list({ ...filter, sort: "worst", limit: PAGE, cursor }, signal);
        for (const row of page.series) this.#put(fresh, row);
        this.total = page.total;
        cursor = page.next;
        const done = !cursor || fresh.size >= MOST_SERIES;
        if (done || !this.loaded) this.rows = new Map(fresh);
        this.loaded = true;
        this.complete = done;
        this.error = null;
        this.#tell("loaded");
        if (done) break;
      }
    } catch (error) {
      if (signal.aborted) return;
      this.error = error;
      this.#tell("error");
      this.#again = setTimeout(() => this.load(filter), RETRY_MS);
    }
  }

  #put(rows, row) {
    const key = keyOf(row.feed, row.id);
    this.sawTime(row.feed, row.time);
    rows.set(key, { ...row, key, sparkline: row.sparkline ?? [] });
  }

  #results({ feed, items }) {
    for (const item of items) {
      this.sawTime(feed, item.time);
      const key = keyOf(feed, item.series);
      const row = this.rows.get(key);
      if (row) {
        const { series, ...rest } = item;
        Object.assign(row, rest);
        append(row.sparkline, item);
      } else if (this.complete && this.rows.size < MOST_SERIES) {
        this.#put(this.rows, { ...item, id: item.series, feed, sparkline: [[item.time, item.value]] });
        this.total = Math.max(this.total, this.rows.size);
      }
    }
    this.#tell("series");
  }

  #alert(alert) {
    const row = this.rows.get(keyOf(alert.feed, alert.series));
    if (row) row.open_alert = alert.state === "open" ? alert : null;
    this.#tell("alert", alert);
    if (row) this.#tell("series");
  }

  #stats(stats) {
    this.statistics.push({ at: Date.now() / 1000, ...stats });
    if (this.statistics.length > STATISTICS_KEPT) this.statistics.shift();
    this.#tell("stats");
  }

  #tell(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/**
 * Add a point, thinned to the spacing that keeps about SPARK_POINTS over the line's own span. The third member says that
 * there were events between this point and the one before, so that the distance is no gap.
 */
function append(points, { time, value, gap }) {
  const last = points.at(-1)?.[0];
  const first = points[0]?.[0];
  const before = points.at(-2)?.[0];
  if (points.length >= SPARK_POINTS && time - before < (time - first) / SPARK_POINTS) points.pop();
  points.push([time, value, gap < 0.9 * (time - last)]);
  if (points.length > SPARK_POINTS) points.shift();
}

/** How bad a series is: an open alert's severity counts for the whole series until it is closed. */
export const severityOf = (row) => {
  const open = row.open_alert?.severity ?? "none";
  return rank(open) > rank(row.severity) ? open : row.severity;
};

const byName = (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.feed < b.feed ? -1 : 1);

export const ORDERS = {
  worst: (a, b) =>
    Number(Boolean(b.open_alert)) - Number(Boolean(a.open_alert)) ||
    rank(severityOf(b)) - rank(severityOf(a)) ||
    (b.score ?? -1) - (a.score ?? -1) ||
    byName(a, b),
  name: byName,
  time: (a, b) => (b.time ?? 0) - (a.time ?? 0) || byName(a, b),
};
