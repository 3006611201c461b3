// How much of a series is shown: the newest `span` seconds with some forecast ahead, or a fixed piece after a zoom.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const CHOICES = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY];
const MOST_CHOICES = 4;
const FEWEST_EVENTS = 20; // of the usual wait, in the shortest span
const AHEAD = 1 / 3; // of the span at most is forecast
const FAN_POINTS = 24;

/** The spans worth offering for a series: those longer than a few events and shorter than its history. */
export function spans(history, unit) {
  const fitting = CHOICES.filter((span) => span >= FEWEST_EVENTS * (unit || 0) && span < history);
  return fitting.slice(-MOST_CHOICES);
}

/** The span to begin with: three times the longest horizon, so that the fan takes a quarter; all if there is less. */
export const firstSpan = (choices, horizon) => wideEnough(choices, 3 * horizon);

/** The shortest span of at least `length`, else all. */
export const wideEnough = (choices, length) => choices.find((span) => span >= length) ?? null;

/** How far ahead to forecast for a span. */
export const ahead = (span, horizon) => Math.min(horizon, span * AHEAD);

/** Horizons (seconds) whose forecasts draw the fan: denser near its origin, where it opens. */
export function fanHorizons(length) {
  return Array.from({ length: FAN_POINTS }, (_, i) => Number((length * ((i + 1) / FAN_POINTS) ** 1.5).toPrecision(6)));
}

/** Zoom a range by `factor` about its middle, or move it by `share` of its length. */
export const zoomed = ([from, to], factor) => {
  const middle = (from + to) / 2;
  const half = ((to - from) / 2) * factor;
  return [middle - half, middle + half];
};
export const moved = ([from, to], share) => [from + (to - from) * share, to + (to - from) * share];
