// Times for people: in the reader's own zone, always with the zone's name, beside a relative form.

const DAY = 86400;

const parts = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
});

/** The pieces of an epoch time: { day, month, year, hour, minute, second, timeZoneName }. */
function pieces(time) {
  return Object.fromEntries(parts.formatToParts(new Date(time * 1000)).map(({ type, value }) => [type, value]));
}

/** `21:40:03 UTC`, with the date in front unless it is the day of `reference`. */
export function stamp(time, reference = null, withSeconds = true) {
  if (!Number.isFinite(time)) return "–";
  const p = pieces(time);
  const clock = `${p.hour}:${p.minute}${withSeconds ? `:${p.second}` : ""} ${p.timeZoneName}`;
  if (reference !== null) {
    const r = pieces(reference);
    if (p.day === r.day && p.month === r.month && p.year === r.year) return clock;
    if (p.year === r.year) return `${p.day} ${p.month}, ${clock}`;
  }
  return `${p.day} ${p.month} ${p.year}, ${clock}`;
}

export const zone = (time) => (Number.isFinite(time) ? pieces(time).timeZoneName : "");

/** A length of time with at most two units: `45 s`, `3 h 10 min`, `12 d`. */
export function duration(length) {
  if (!Number.isFinite(length)) return "–";
  const s = Math.abs(length);
  if (s < 1) return s === 0 ? "0 s" : `${Math.max(1, Math.round(s * 1000))} ms`;
  if (s < 10 && s % 1) return `${s.toFixed(1)} s`;
  if (s < 59.5) return `${Math.round(s)} s`;
  if (s < 3570) return two(s, 60, "min", 1, "s", 5 * 60);
  if (s < DAY - 30) return two(s, 3600, "h", 60, "min", 12 * 3600);
  if (s < 365 * DAY) return two(s, DAY, "d", 3600, "h", 7 * DAY);
  return `${(s / (365.25 * DAY)).toFixed(1)} years`;
}

/** Whole `big` units, with whole `small` ones behind while shorter than `limit`. */
function two(length, big, bigName, small, smallName, limit) {
  if (length >= limit) return `${Math.round(length / big)} ${bigName}`;
  const rounded = Math.round(length / small) * small;
  const rest = Math.round((rounded % big) / small);
  return `${Math.floor(rounded / big)} ${bigName}${rest ? ` ${rest} ${smallName}` : ""}`;
}

const UNITS = { ms: 0.001, s: 1, m: 60, h: 3600, d: DAY, w: 7 * DAY };

/** Seconds of a duration as the service writes it: `1h30m`. */
export function seconds(text) {
  return [...String(text).matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * UNITS[unit], 0);
}

/** `3 min ago`, seen from `now`. */
export function ago(time, now) {
  const past = now - time;
  if (!Number.isFinite(past)) return "–";
  if (past < -1) return `in ${duration(past)}`;
  return past < 2 ? "just now" : `${duration(past).split(" ").slice(0, 2).join(" ")} ago`;
}

export const wallClock = () => Date.now() / 1000;

/** How far a feed's newest event may be from the wall clock before its own time is used instead. */
export const REPLAY_AFTER = DAY;

/**
 * What "now" is for a feed: { now, replayed }.
 *
 * A feed whose newest event is more than a day away from the wall clock is a replay (or has been dead for long): "ago"
 * is then counted from its newest event, since "12 years ago" for every row would say nothing.
 */
export function feedClock(newest, wall = wallClock()) {
  if (Number.isFinite(newest) && Math.abs(wall - newest) > REPLAY_AFTER) return { now: newest, replayed: true };
  return { now: Math.max(wall, newest ?? wall), replayed: false };
}
