// Numbers and comparisons in words. Two digits of the size that matters, units always beside the number.

import { duration } from "./time.js";

const MINUS = "−";
const COMPACT = [
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];
const COMPACT_FROM = 1e5;
const BYTES = [
  [1e15, "PB"],
  [1e12, "TB"],
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];

/** What each group of evidence means, for people; `title` begins a sentence. */
export const EVIDENCE = {
  level: { title: "Level", text: "the value itself is unusual for this series" },
  surprise: { title: "Sudden jump", text: "far from what was forecast a moment before" },
  trend: { title: "Trend", text: "drifting faster than it usually does" },
  season: { title: "Time of day", text: "unusual for this hour or weekday" },
  volatility: { title: "Variation", text: "swings more, or less, than usual" },
  frequency: { title: "Frequency", text: "moves faster, slower or in another order than it ever did" },
  flatline: { title: "No change", text: "stuck at one value" },
  gap: { title: "Wait between events", text: "came after an unusual pause" },
  habit: { title: "Habit", text: "a value unusual for the moment it came at" },
  shape: { title: "Shape", text: "the last cycles look like none before" },
};

/** What has changed, for each kind of drift. */
export const DRIFTS = { input: "values", error: "forecast errors", calibration: "misses of the band", rhythm: "rhythm" };

export const SEVERITIES = ["none", "warning", "minor", "major", "critical"];

export const rank = (severity) => Math.max(0, SEVERITIES.indexOf(severity));

function grouped(value, options) {
  const text = Math.abs(value).toLocaleString("en-US", options);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** The size of which two digits are worth reading where a value stands beside an interval.
 *
 * The interval's width, but at least a hundredth of how far outside the value lies, and a ten-thousandth of `scale`, the
 * largest size of the series' values: a band of 0 to 0.00000007 % is nothing beside 20 %. Where all values have been
 * zero (a scale of 0), that counts for a scale of one. Without a scale nothing is known of it. */
export function precision({ value, lower, upper }, scale) {
  const width = upper - lower;
  if (!Number.isFinite(width) || lower === null || upper === null) return 0;
  const outside = Number.isFinite(value) ? Math.max(lower - value, value - upper, 0) : 0;
  const least = scale === undefined ? 0 : scale * 1e-4 || 1e-4;
  return Math.max(width, outside / 100, least);
}

/** The largest size of some values: the scale of `precision`. */
export const scaleOf = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);

/** A number; `width` is the size that matters (see `precision`), about two digits of which are kept; else four.
 *
 * Large ones are shortened (`458 k`) unless the digits that would go are among those that matter. */
export function number(value, width = 0) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const magnitude = Math.abs(value);
  const known = Number.isFinite(width) && width > 0;
  const size = known ? width : magnitude;
  if (magnitude >= COMPACT_FROM && size >= 1000) {
    const [step, letter] = COMPACT.find(([limit]) => magnitude >= limit && size >= limit / 1000);
    return `${significant(value / step, known ? size / step : 0)} ${letter}`;
  }
  if (magnitude === 0 || (known && magnitude < size / 200)) return "0";
  if (magnitude < 1e-3 && size < 1e-3) return power(value, size);
  return significant(value, known ? size : 0);
}

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `7.1·10⁻⁸` */
function power(value, size) {
  const digits = Math.floor(Math.log10(Math.abs(value))) - Math.floor(Math.log10(size)) + 1;
  const [mantissa, exponent] = value.toExponential(Math.min(Math.max(digits, 0), 3)).split("e-");
  return `${mantissa.replace("-", MINUS)}·10⁻${[...exponent].map((digit) => SUPERSCRIPT[digit]).join("")}`;
}

function significant(value, size) {
  if (!size) return grouped(value, { maximumSignificantDigits: 4 });
  const enough = 1 - Math.floor(Math.log10(size));
  const most = 4 - Math.floor(Math.log10(Math.max(Number(Math.abs(value).toPrecision(5)), size))); // five digits in all
  const decimals = Math.max(0, Math.min(enough, most, 4));
  const text = grouped(value, { maximumFractionDigits: decimals, minimumFractionDigits: decimals });
  return Number(text) === 0 ? "0" : text;
}

/** A whole count: `1,234`. */
export const count = (value) => (Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "–");

/** A rate per second: `0.42`, `12.5`, `1,240`. */
export function rate(value) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0 || value >= 100) return count(value);
  return value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

/** A score, cut rather than rounded: 0.999 must not look like the 1.0 line. */
export const score = (value) => (Number.isFinite(value) ? (Math.floor(value * 100 + 1e-9) / 100).toFixed(2) : "–");

export function percent(share, decimals = 0) {
  return Number.isFinite(share) ? `${(share * 100).toFixed(decimals)} %` : "–";
}

function scaled(unit, size) {
  if (!/^(B|bytes?)(\/s)?$/i.test(unit)) return [1, unit];
  const per = unit.endsWith("/s") ? "/s" : "";
  const step = BYTES.find(([limit]) => size >= limit);
  return step ? [step[0], step[1] + per] : [1, `B${per}`];
}

/** A number with its unit: `41 min`, `8.7 MB/s`. */
export function quantity(value, unit, width = 0) {
  if (!unit || !Number.isFinite(value)) return number(value, width);
  const [step, name] = scaled(unit, Math.abs(value));
  return `${number(value / step, width / step)} ${name}`;
}

/** An interval: `6 to 22 min`; `withUnit` false leaves the unit out where it stands beside a number that has it. */
export function interval(lower, upper, unit, width = upper - lower, withUnit = true) {
  if (!Number.isFinite(lower) || !Number.isFinite(upper)) return "–";
  const [step, name] = unit ? scaled(unit, Math.max(Math.abs(lower), Math.abs(upper))) : [1, ""];
  const ends = [number(lower / step, width / step), number(upper / step, width / step)];
  const text = ends[0] === ends[1] ? ends[0] : ends.join(" to ");
  return name && (withUnit || step !== 1) ? `${text} ${name}` : text;
}

/** Where a value lies: "above", "below", "within", or "unknown" before there is an interval. */
export function position(value, lower, upper) {
  if (![value, lower, upper].every((x) => Number.isFinite(x))) return "unknown";
  if (value > upper) return "above";
  return value < lower ? "below" : "within";
}

/** The two parts of "41 min" + "above 6 to 22". `scale` as in `precision`. */
export function comparison(row, unit, scale) {
  const where = position(row.value, row.lower, row.upper);
  const width = precision(row, scale);
  const actual = quantity(row.value, unit, Number.isInteger(row.value) ? Math.max(width, 10) : width);
  if (where === "unknown") return { where, actual, against: "no expectation yet" };
  return { where, actual, against: `${where} ${interval(row.lower, row.upper, unit, width, false)}` };
}

/** How a series is doing: { kind: "learning" | "silent" | "ready", text, share? }. `now` is the feed's clock. */
export function state(row, now) {
  const quiet = now - row.time;
  if (row.unit_seconds && quiet > Math.max(60, 10 * row.unit_seconds)) {
    return { kind: "silent", text: `silent ${duration(quiet)}` };
  }
  if (row.state === "learning") {
    const of = row.ready_after ? `${count(row.events)}/${count(row.ready_after)}` : count(row.events);
    return { kind: "learning", text: `learning ${of}`, share: row.ready_after ? row.events / row.ready_after : 0 };
  }
  return { kind: "ready", text: "ready" };
}

export function plural(n, one, many = `${one}s`) {
  return `${count(n)} ${n === 1 ? one : many}`;
}
