// From results and a forecast to the aligned columns that the charts draw.

const MOST_POINTS = 20000;
const GAP = 4; // times a long but ordinary wait (90 of 100 are shorter): longer ones are shown as gaps

const TICK = 0.001; // seconds; times are kept to about a microsecond

/** The bands of results and forecasts, from the outermost in: level, its name, and the columns of their ends. */
export const BANDS = [
  { level: 0.95, name: "95", lower: "lower", upper: "upper", fanLower: "fanLower", fanUpper: "fanUpper" },
  { level: 0.8, name: "80", lower: "lower80", upper: "upper80", fanLower: "fanLower80", fanUpper: "fanUpper80" },
  { level: 0.5, name: "50", lower: "lower50", upper: "upper50", fanLower: "fanLower50", fanUpper: "fanUpper50" },
];

const COLUMNS = ["time", "value", "expected", ...BANDS.flatMap(({ lower, upper }) => [lower, upper]), "score", "severity"];

/** The newest results of one series, by column. */
export class Points {
  constructor(columns = {}) {
    for (const name of COLUMNS) this[name] = [...(columns[name] ?? [])];
  }

  get length() {
    return this.time.length;
  }

  push(item) {
    for (const name of COLUMNS) this[name].push(item[name] ?? null);
    if (this.length > 1.1 * MOST_POINTS) for (const name of COLUMNS) this[name].splice(0, this.length - MOST_POINTS);
  }

  /** Whether events came between the newest result here and this one. */
  misses({ time, gap }) {
    return this.length > 0 && time - gap > this.time.at(-1) + TICK;
  }

  /** One result as an object; undefined if there is none at `index`. */
  at(index) {
    const i = index < 0 ? this.length + index : index;
    return i in this.time ? Object.fromEntries(COLUMNS.map((name) => [name, this[name][i]])) : undefined;
  }
}

/** Order of the columns of the main chart; `fan*` ones hold the forecast ahead. */
export const CHART = [
  "time",
  ...BANDS.flatMap(({ lower, upper }) => [upper, lower]),
  ...BANDS.flatMap(({ fanLower, fanUpper }) => [fanUpper, fanLower]),
  "expected",
  "fan",
  "value",
];

/** A forecast as GET .../forecast gives it, as [{time, mean, and the ends of BANDS}], beginning at its origin. */
export function fanOf(forecast) {
  if (!forecast?.forecasts?.length) return [];
  const { origin, value } = forecast;
  const at = (time, mean, interval) => {
    const ends = BANDS.flatMap(({ level, lower, upper }) => {
      const found = interval(level);
      return [
        [lower, found?.lower],
        [upper, found?.upper],
      ];
    });
    return { time, mean, ...Object.fromEntries(ends) };
  };
  const start = at(origin, value, () => ({ lower: value, upper: value }));
  const ahead = forecast.forecasts.map(({ time, mean, intervals }) => at(time, mean, (level) => intervals.find((one) => Math.abs(one.level - level) < 1e-6)));
  return [start, ...ahead.sort((a, b) => a.time - b.time)];
}

/**
 * Columns for uPlot: { main, score, source } on one time axis.
 *
 * `main` is in the order of CHART. `source[i]` says what row i is: a number k >= 0 is result k, null is a gap (an empty
 * row that breaks the lines), and an object is a point of the fan.
 */
export function aligned(points, fan) {
  const main = CHART.map(() => []);
  const score = [[], []];
  const source = [];
  const limit = GAP * ordinaryWait(points.time);
  const row = (time, values, figure, from) => {
    main.forEach((column, i) => column.push(i === 0 ? time : (values[CHART[i]] ?? null)));
    score[0].push(time);
    score[1].push(figure);
    source.push(from);
  };
  let before = null;
  for (let i = 0; i < points.length; i++) {
    const time = Math.max(points.time[i], before ?? -Infinity);
    if (before !== null && time - before > limit) row((time + before) / 2, {}, null, null);
    const values = Object.fromEntries(CHART.slice(1).map((name) => [name, points[name]?.[i]]));
    row(time, values, points.score[i], i);
    before = time;
  }
  for (const at of fan) {
    if (before !== null && at.time < before) continue;
    const ends = BANDS.flatMap(({ lower, upper, fanLower, fanUpper }) => [
      [fanLower, at[lower]],
      [fanUpper, at[upper]],
    ]);
    row(at.time, { fan: at.mean, ...Object.fromEntries(ends) }, null, at);
  }
  return { main, score, source };
}

function ordinaryWait(times) {
  const waits = times.slice(1).map((time, i) => time - times[i]);
  waits.sort((a, b) => a - b);
  return waits[Math.floor(waits.length * 0.9)] || Infinity;
}

/** Lowest and highest of what is worth seeing between rows `first` and `last`: values always, wide intervals in part. */
export function visibleRange(main, first, last) {
  const at = (name) => main[CHART.indexOf(name)];
  const values = ends([at("value"), at("value"), first, last], [at("fan"), at("fan"), first, last]);
  const inner = ends([at("lower80"), at("upper80"), first, last], [at("fanLower80"), at("fanUpper80"), first, last]);
  const outer = ends([at("lower"), at("upper"), first, last], [at("fanLower"), at("fanUpper"), first, last]);
  let [low, high] = values[0] <= values[1] ? values : inner;
  if (!(low <= high)) return [0, 1];
  const room = (high - low || Math.abs(high) || 1) * 0.75;
  for (const [lower, upper] of [inner, outer]) {
    if (!(lower <= upper)) continue;
    low = Math.min(low, Math.max(lower, values[0] - room));
    high = Math.max(high, Math.min(upper, values[1] + room));
  }
  const pad = (high - low || Math.abs(high) || 1) * 0.06;
  const floor = values[0] >= 0 && low < 0 && low > -pad ? 0 : low - pad;
  return [floor, high + pad];
}

function ends(...columns) {
  let low = Infinity;
  let high = -Infinity;
  for (const [lower, upper, first, last] of columns) {
    for (let i = first; i <= last; i++) {
      if (lower[i] !== null && lower[i] < low) low = lower[i];
      if (upper[i] !== null && upper[i] > high) high = upper[i];
    }
  }
  return [low, high];
}

/**
 * How many values fell inside their intervals since `since`: { n, inside } with the shares of n by level (NaN where there
 * was no such interval).
 *
 * Only results that had intervals count; each was made before its value came.
 */
export function coverage(points, since = -Infinity) {
  const counts = BANDS.map(() => ({ n: 0, inside: 0 }));
  for (let i = 0; i < points.length; i++) {
    const value = points.value[i];
    if (points.time[i] < since || value === null) continue;
    BANDS.forEach(({ lower, upper }, k) => {
      if (points[lower][i] === null || points[upper][i] === null) return;
      counts[k].n += 1;
      if (value >= points[lower][i] && value <= points[upper][i]) counts[k].inside += 1;
    });
  }
  return { n: counts[0].n, inside: Object.fromEntries(BANDS.map(({ level }, k) => [level, counts[k].inside / counts[k].n])) };
}
