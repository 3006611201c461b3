// A series' newest values as a small drawing: points joined by a line that breaks at gaps, the expected band behind.

import { setAttribute, svg } from "./dom.js";

const PAD = 3;
const GAP = 6; // times the usual spacing

/** Spacing that is usual between the points, for telling a gap. */
function usualSpacing(points) {
  const steps = points.slice(1).map((point, i) => point[0] - points[i][0]);
  steps.sort((a, b) => a - b);
  return steps[Math.floor(steps.length * 0.75)] ?? 0;
}

const gapBefore = (points, i, limit) => points[i][0] - points[i - 1][0] > limit && !points[i][2];

/** A drawing of `width` x `height` with `draw(points, band)` where points are [time, value, joined?] and band [lower, upper]. */
export function sparkline(width, height, name = "sparkline") {
  const band = svg("rect", { class: "spark-band", x: 0, width });
  const line = svg("path", { class: "spark-line" });
  const dot = svg("circle", { class: "spark-dot", r: 2.25 });
  const element = svg("svg", { class: name, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, band, line, dot);
  element.setAttribute("preserveAspectRatio", "none");

  function draw(points, interval = null) {
    const real = points.filter(([, value]) => Number.isFinite(value));
    element.classList.toggle("empty", real.length === 0);
    if (!real.length) return;
    const [low, high] = range(real, interval);
    const first = real[0][0];
    const span = real.at(-1)[0] - first || 1;
    const x = (time) => PAD + ((time - first) / span) * (width - 2 * PAD);
    const y = (value) => PAD + (1 - (value - low) / (high - low || 1)) * (height - 2 * PAD);
    const limit = GAP * usualSpacing(real);
    let path = "";
    for (let i = 0; i < real.length; i++) {
      const [time, value] = real[i];
      const broken = i === 0 || gapBefore(real, i, limit);
      const alone = broken && (i === real.length - 1 || gapBefore(real, i + 1, limit));
      path += `${broken ? "M" : "L"}${x(time).toFixed(1)} ${y(value).toFixed(1)}${alone ? "h.01" : ""}`;
    }
    setAttribute(line, "d", path);
    setAttribute(dot, "cx", x(real.at(-1)[0]).toFixed(1));
    setAttribute(dot, "cy", y(real.at(-1)[1]).toFixed(1));
    const known = interval?.every(Number.isFinite);
    const top = known ? Math.max(0, y(interval[1])) : 0;
    const bottom = known ? Math.min(height, y(interval[0])) : 0;
    setAttribute(band, "y", top.toFixed(1));
    setAttribute(band, "height", Math.max(0, bottom - top).toFixed(1));
  }
  return { element, draw };
}

/** From the lowest to the highest value; an interval much wider than the values may not flatten the line. */
function range(points, interval) {
  let low = Infinity;
  let high = -Infinity;
  for (const [, value] of points) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (interval?.every(Number.isFinite)) {
    const room = (high - low || Math.abs(high) || 1) * 0.6;
    low = Math.max(Math.min(low, interval[0]), low - room);
    high = Math.min(Math.max(high, interval[1]), high + room);
  }
  return low === high ? [low - 1, high + 1] : [low, high];
}
