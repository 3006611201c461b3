// The charts of one series: values with their bands and the fan ahead, and the scores below on the same time axis.

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { BANDS, CHART, visibleRange } from "./chartdata.js";
import { drawEpisodes, drawLoneBands, drawNow, drawScores, drawUnusual, pointSize } from "./chartmarks.js";
import { number } from "./words.js";

const AXIS_WIDTH = 58;
const STRIP_HEIGHT = 112;
const NARROW = 560;

const index = (name) => CHART.indexOf(name);

/** Colours come from the style sheet, so that they follow the theme; looked up once for each chart that is built. */
function palette() {
  const style = getComputedStyle(document.documentElement);
  const known = new Map();
  return (name) => {
    if (!known.has(name)) known.set(name, style.getPropertyValue(`--${name}`).trim());
    return known.get(name);
  };
}

const months = new Intl.DateTimeFormat("en-GB", { month: "short" });

/** Tick labels in the reader's zone, the date under the first tick and wherever the day changes. */
function timeLabels(_, splits, __, ___, step) {
  let day = null;
  return splits.map((time) => {
    if (time === null) return null;
    const date = new Date(time * 1000);
    const two = (value) => String(value).padStart(2, "0");
    const today = `${date.getDate()} ${months.format(date)}`;
    const withYear = step >= 28 * 86400 ? `${months.format(date)} ${date.getFullYear()}` : today;
    if (step >= 86400) return withYear;
    const clock = `${two(date.getHours())}:${two(date.getMinutes())}${step < 60 ? `:${two(date.getSeconds())}` : ""}`;
    const label = today === day ? clock : `${clock}\n${today}`;
    day = today;
    return label;
  });
}

export class SeriesChart {
  #main = null;
  #strip = null;
  #data = null;
  #window = [0, 1];
  #theme = matchMedia("(prefers-color-scheme: dark)");
  #listeners = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {object} on `zoom([from, to])` after a drag, `reset()` after a double click, `point(source)` under the cursor
   */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.#theme.addEventListener("change", () => this.#build(), { signal: this.#listeners.signal });
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(root);
  }

  /** Number of results drawn (not counting gaps and the fan). */
  get length() {
    return this.#data?.source.filter((one) => typeof one === "number").length ?? 0;
  }

  /**
   * @param {object} data as `aligned` gives it, with `origin` (time of the newest result), `episodes` and `severities`
   *   (severity of result k)
   * @param {[number, number]} range the time shown
   */
  draw(data, range) {
    this.#data = data;
    this.#window = range;
    if (!this.#main) {
      this.#build();
      return;
    }
    for (const [chart, columns] of [[this.#main, data.main], [this.#strip, data.score]]) {
      chart.batch(() => {
        chart.setData(columns, false);
        chart.setScale("x", { min: range[0], max: range[1] });
      });
    }
  }

  destroy() {
    this.#listeners.abort();
    this.observer.disconnect();
    this.#main?.destroy();
    this.#strip?.destroy();
  }

  #size() {
    const width = Math.max(200, this.root.clientWidth);
    const height = Math.max(220, Math.min(460, Math.round(innerHeight * 0.46)));
    return { width, height };
  }

  #resize() {
    if (!this.#main) return;
    const { width, height } = this.#size();
    if (width === this.#main.width && height === this.#main.height) return;
    this.#main.setSize({ width, height });
    this.#strip.setSize({ width, height: STRIP_HEIGHT });
  }

  #build() {
    if (!this.#data) return;
    this.#main?.destroy();
    this.#strip?.destroy();
    const colour = palette();
    const { width, height } = this.#size();
    this.#main = new uPlot(this.#mainOptions(colour, width, height), this.#data.main, this.root);
    this.#strip = new uPlot(this.#stripOptions(colour, width), this.#data.score, this.root);
    this.#main.root.setAttribute("aria-hidden", "true");
    this.#strip.root.setAttribute("aria-hidden", "true");
    this.draw(this.#data, this.#window);
  }

  #shared(colour, width) {
    const grid = { stroke: colour("grid"), width: 1 };
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: colour("ink-3"), font, grid, ticks: { show: false } };
    return {
      width,
      padding: [8, width < NARROW ? 8 : 16, 0, 0],
      legend: { show: false },
      select: { show: true },
      axes: [
        { ...axis, size: 38, gap: 8, values: timeLabels, space: width < NARROW ? 60 : 80 },
        { ...axis, size: AXIS_WIDTH, gap: 8 },
      ],
      cursor: {
        y: false,
        sync: { key: "series", setSeries: false, scales: ["x", null] },
        drag: { x: true, y: false, dist: 6, setScale: false },
        bind: { dblclick: () => () => this.on.reset() },
      },
      hooks: {
        drawClear: [(chart) => drawEpisodes(chart, this.#data, colour), (chart) => drawNow(chart, this.#data, colour)],
        setSelect: [(chart) => this.#selected(chart)],
      },
    };
  }

  #mainOptions(colour, width, height) {
    const shared = this.#shared(colour, width);
    const bound = { points: { show: false }, width: 0 };
    const series = CHART.map(() => ({ ...bound }));
    series[0] = {};
    series[index("expected")] = { stroke: colour("expected"), width: 1.5, points: { show: false } };
    series[index("fan")] = { stroke: colour("expected"), width: 1.5, dash: [5, 4], points: { show: false } };
    series[index("value")] = {
      stroke: colour("value-line"),
      width: 1,
      points: { show: true, size: 4.5, width: 0, fill: colour("value") },
    };
    const band = (upper, lower, fill) => ({ series: [index(upper), index(lower)], fill: colour(fill) });
    return {
      ...shared,
      height,
      series,
      bands: BANDS.flatMap(({ name, lower, upper, fanLower, fanUpper }) => [
        band(upper, lower, `band-${name}`),
        band(fanUpper, fanLower, `fan-${name}`),
      ]),
      scales: {
        x: { time: true },
        y: { range: (chart) => visibleRange(chart.data, ...(chart.series[0].idxs ?? [0, chart.data[0].length - 1])) },
      },
      axes: [
        { ...shared.axes[0], values: (_, splits) => splits.map(() => ""), size: 6 },
        { ...shared.axes[1], values: (_, splits) => splits.map((value) => number(value, span(splits))) },
      ],
      cursor: {
        ...shared.cursor,
        points: { size: 9, width: 2, stroke: colour("value"), fill: colour("surface"), show: (chart, i) => hoverPoint(i, colour) },
      },
      hooks: {
        ...shared.hooks,
        drawAxes: [
          (chart) => (chart.series[index("value")].points.size = pointSize(chart)),
          (chart) => drawLoneBands(chart, this.#data, colour),
        ],
        draw: [(chart) => drawUnusual(chart, this.#data, colour)],
        setCursor: [(chart) => this.#pointed(chart)],
      },
    };
  }

  #stripOptions(colour, width) {
    const shared = this.#shared(colour, width);
    return {
      ...shared,
      height: STRIP_HEIGHT,
      series: [{}, { paths: () => null, points: { show: false } }],
      scales: { x: { time: true }, y: { range: (_, __, high) => [0, Math.max(1.6, (high || 0) * 1.12)] } },
      axes: [
        shared.axes[0],
        {
          ...shared.axes[1],
          splits: (chart) => scoreTicks(chart.scales.y.max),
          values: (_, splits) => splits.map((value) => value.toFixed(value % 1 ? 1 : 0)),
        },
      ],
      cursor: { ...shared.cursor, points: { show: false } },
      hooks: { ...shared.hooks, draw: [(chart) => drawScores(chart, this.#data, colour)] },
    };
  }

  #selected(chart) {
    const { left, width } = chart.select;
    if (width < 6) return;
    const range = [chart.posToVal(left, "x"), chart.posToVal(left + width, "x")];
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (chart === this.#main) this.on.zoom(range);
  }

  #pointed(chart) {
    const { idx, left } = chart.cursor;
    this.on.point(left < 0 || idx === null || idx === undefined ? null : this.#data.source[idx]);
  }
}

const span = (splits) => (splits.length > 1 ? splits[1] - splits[0] : 0);

function scoreTicks(high) {
  const step = high > 8 ? Math.ceil(high / 4) : high > 3 ? 2 : 1;
  const ticks = [0, 1];
  for (let value = step > 1 ? step : 2; value <= high; value += step) ticks.push(value);
  return ticks;
}

/** Cursor points only on the value and what was expected, not on the edges of bands. */
function hoverPoint(i, colour) {
  if (i !== index("value") && i !== index("expected") && i !== index("fan")) return false;
  const element = document.createElement("div");
  element.className = "u-cursor-pt";
  element.style.borderColor = colour(i === index("value") ? "value" : "expected");
  return element;
}
