// What is drawn on the charts besides lines: alert episodes, the edge to the future, unusual points, score stems.

import { BANDS, CHART } from "./chartdata.js";

const VALUE = CHART.indexOf("value");

const inside = (chart, draw) => {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, bbox, devicePixelRatio || 1);
  ctx.restore();
};

/** Shaded episodes with a solid edge on top; an open one reaches to the newest event, the selected one is stronger. */
export function drawEpisodes(chart, { episodes, origin, selected }, colour) {
  inside(chart, (ctx, box, ratio) => {
    for (const episode of episodes) {
      const left = chart.valToPos(episode.begin, "x", true);
      const right = chart.valToPos(episode.end ?? Math.max(origin, episode.peak_time), "x", true);
      const width = Math.max(right - left, 3 * ratio);
      if (left > box.left + box.width || left + width < box.left) continue;
      ctx.fillStyle = colour(`severity-${episode.severity}`);
      ctx.globalAlpha = episode.id === selected ? 0.2 : 0.12;
      ctx.fillRect(left, box.top, width, box.height);
      ctx.globalAlpha = 1;
      ctx.fillRect(left, box.top, width, (episode.id === selected ? 4 : 2) * ratio);
    }
  });
}

/** A line at the newest event: right of it is the future. */
export function drawNow(chart, { origin }, colour) {
  inside(chart, (ctx, box, ratio) => {
    const x = Math.round(chart.valToPos(origin, "x", true));
    if (x > box.left + box.width) return;
    ctx.fillStyle = colour("future");
    ctx.fillRect(x, box.top, box.left + box.width - x, box.height);
    ctx.strokeStyle = colour("ink-3");
    ctx.lineWidth = ratio;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, box.top);
    ctx.lineTo(x, box.top + box.height);
    ctx.stroke();
  });
}

/** Bands of results that stand alone between two gaps, which have no width of their own. */
export function drawLoneBands(chart, { main, source }, colour) {
  const at = (name) => main[CHART.indexOf(name)];
  const isResult = (i) => typeof source[i] === "number";
  inside(chart, (ctx, _, ratio) => {
    eachVisible(chart, (i) => {
      if (!isResult(i) || isResult(i - 1) || isResult(i + 1)) return;
      const x = chart.valToPos(main[0][i], "x", true) - 1.5 * ratio;
      for (const { name, lower, upper } of BANDS) {
        if (at(lower)[i] === null || at(upper)[i] === null) continue;
        const top = chart.valToPos(at(upper)[i], "y", true);
        ctx.fillStyle = colour(`band-${name}`);
        ctx.fillRect(x, top, 3 * ratio, chart.valToPos(at(lower)[i], "y", true) - top);
      }
    });
  });
}

/** Diameter of a point (CSS pixels) for how many there are to show. */
export function pointSize(chart) {
  const [first, last] = chart.series[0].idxs ?? [0, 0];
  const room = chart.bbox.width / (devicePixelRatio || 1) / Math.max(1, last - first);
  return Math.min(Math.max(2 + room * 0.6, 2.5), 5);
}

/** Values whose score reached the line, in the shape and colour of their severity. */
export function drawUnusual(chart, { main, score, source, severities }, colour) {
  inside(chart, (ctx, _, ratio) => {
    ctx.lineWidth = ratio;
    ctx.strokeStyle = colour("surface");
    const size = pointSize(chart) + 0.5;
    eachVisible(chart, (i) => {
      if (typeof source[i] !== "number" || !(score[1][i] >= 1) || main[VALUE][i] === null) return;
      const severity = severities[source[i]] ?? "warning";
      const x = chart.valToPos(main[0][i], "x", true);
      const y = chart.valToPos(main[VALUE][i], "y", true);
      ctx.fillStyle = colour(`severity-${severity === "none" ? "warning" : severity}`);
      shape(ctx, severity, x, y, size * ratio);
      ctx.fill();
      ctx.stroke();
    });
  });
}

function shape(ctx, severity, x, y, r) {
  ctx.beginPath();
  if (severity === "minor") polygon(ctx, x, y, r * 1.2, 3, -Math.PI / 2);
  else if (severity === "major") polygon(ctx, x, y, r * 1.2, 4, 0);
  else if (severity === "critical") polygon(ctx, x, y, r * 1.15, 8, Math.PI / 8);
  else ctx.arc(x, y, r * 0.85, 0, 2 * Math.PI);
}

function polygon(ctx, x, y, r, corners, turn) {
  for (let i = 0; i < corners; i++) {
    const angle = turn + (i * 2 * Math.PI) / corners;
    ctx.lineTo(x + r * Math.cos(angle), y + r * Math.sin(angle));
  }
  ctx.closePath();
}

/** Scores as stems, those that reach 1.0 in their severity's colour, and the 1.0 line. */
export function drawScores(chart, { main, score, source, severities }, colour) {
  inside(chart, (ctx, box, ratio) => {
    const floor = chart.valToPos(0, "y", true);
    const [first, last] = chart.series[0].idxs ?? [0, 0];
    const room = box.width / Math.max(1, last - first + 1);
    const width = Math.min(Math.max(room * 0.7, 1 * ratio), 4 * ratio);
    eachVisible(chart, (i) => {
      if (score[1][i] === null) return;
      const severity = severities[source[i]];
      const high = score[1][i] >= 1;
      ctx.fillStyle = colour(high ? `severity-${severity === "none" || !severity ? "warning" : severity}` : "stem");
      const x = chart.valToPos(main[0][i], "x", true);
      const top = chart.valToPos(score[1][i], "y", true);
      ctx.fillRect(x - width / 2, top, width, Math.max(floor - top, ratio));
    });
    const y = Math.round(chart.valToPos(1, "y", true));
    ctx.strokeStyle = colour("ink-2");
    ctx.lineWidth = ratio;
    ctx.setLineDash([5 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(box.left, y);
    ctx.lineTo(box.left + box.width, y);
    ctx.stroke();
  });
}

function eachVisible(chart, action) {
  const [first, last] = chart.series[0].idxs ?? [0, -1];
  for (let i = first; i <= last; i++) action(i);
}
