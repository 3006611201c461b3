// The chart with what belongs to it: spans to choose, legend, the figures under the cursor.

import { h, setText } from "../dom.js";
import { duration, stamp, zone } from "../time.js";
import { interval, precision, quantity, scaleOf, score } from "../words.js";
import { BANDS } from "../chartdata.js";

const LEGEND = [
  ["actual", "actual"],
  ["expected", "expected"],
  ...[...BANDS].reverse().map(({ name }) => [`band${name}`, `${name} % band`]),
  ["fan", "forecast"],
  ["episode", "alert"],
];

/** { element, canvas, show(view), read(source, points, detail) } */
export function chartBox({ choose, follow }) {
  const canvas = h("div", { class: "chart", role: "img" });
  const readout = h("p", { class: "readout" });
  const picker = h("div", { class: "spans", role: "group", "aria-label": "Time shown" });
  const live = h("button", { class: "button follow", type: "button", on: { click: follow } });
  const element = h(
    "section",
    { class: "panel chart-panel", "aria-label": "Chart" },
    h("div", { class: "chart-bar" }, picker, live),
    h("ul", { class: "legend", "aria-label": "Legend" }, LEGEND.map(([name, text]) => h("li", {}, h("i", { class: `key-${name}`, "aria-hidden": "true" }), text))),
    readout,
    canvas,
    h("p", { class: "chart-foot muted small" }, h("span", { text: "Lower strip: score; the dashed line is 1.0, where alerts begin." }), h("span", { class: "zone" })),
  );
  let cursor = null;
  let last = null;

  function show(view) {
    last = view;
    const key = JSON.stringify([view.choices, view.span, Boolean(view.fixed)]);
    if (picker.dataset.key !== key) {
      picker.dataset.key = key;
      picker.replaceChildren(...[...view.choices, null].map((seconds) => spanButton(seconds, view, choose)));
    }
    live.hidden = !view.fixed;
    setText(live, "Back to newest");
    setText(element.querySelector(".zone"), `Times in ${zone(view.points.time.at(-1))}. Drag to zoom, double click to reset.`);
    read(cursor, view.points, view.detail);
  }

  function read(source, points, detail) {
    cursor = source;
    if (!last) return;
    const reference = points.time.at(-1);
    const text = describe(source, points, detail, reference);
    setText(readout, text);
    if (source === null) canvas.setAttribute("aria-label", `Values, expected bands, forecast and scores. Newest: ${text}`);
  }
  return { element, canvas, show, read };
}

function spanButton(seconds, { span, fixed }, choose) {
  const pressed = !fixed && seconds === span;
  const text = seconds === null ? "All" : duration(seconds);
  return h("button", { type: "button", "aria-pressed": String(pressed), text, on: { click: () => choose(seconds) } });
}

/** The figures at one place of the chart, in words; at the newest result when the cursor is elsewhere. */
function describe(source, points, { unit }, reference) {
  const ahead = source !== null && typeof source === "object";
  const one = ahead ? source : points.at(source ?? -1);
  if (!one) return "";
  const width = precision(one, scaleOf(points.value));
  const known = (name) => Number.isFinite(one[name]);
  return [
    stamp(one.time, reference),
    ahead && `forecast ${quantity(one.mean, unit, width)}`,
    known("value") && `actual ${quantity(one.value, unit, width)}`,
    known("expected") && `expected ${quantity(one.expected, unit, width)}`,
    ...[...BANDS].reverse().map(({ name, lower, upper }) => known(lower) && `${name} %: ${interval(one[lower], one[upper], unit, width)}`),
    known("score") && `score ${score(one.score)}`,
  ]
    .filter(Boolean)
    .join("  ·  ");
}
