// The chart with what belongs to it: spans to choose, legend, the figures under the cursor.

import { h, setText } from "../dom.js";
import { duration, stamp, zone } from "../time.js";
import { interval, quantity, score } from "../words.js";

const LEGEND = [
  ["actual", "actual"],
  ["expected", "expected"],
  ["band80", "80 % band"],
  ["band95", "95 % band"],
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
  if (source !== null && typeof source === "object") {
    const width = source.upper - source.lower;
    return [
      stamp(source.time, reference),
      `forecast ${quantity(source.mean, unit, width)}`,
      `80 %: ${interval(source.lower80, source.upper80, unit)}`,
      `95 %: ${interval(source.lower, source.upper, unit)}`,
    ].join("  ·  ");
  }
  const one = points.at(source ?? -1);
  if (!one) return "";
  const width = one.upper - one.lower;
  return [
    stamp(one.time, reference),
    `actual ${quantity(one.value, unit, width)}`,
    Number.isFinite(one.expected) && one.expected !== null && `expected ${quantity(one.expected, unit, width)}`,
    one.lower80 !== null && `80 %: ${interval(one.lower80, one.upper80, unit)}`,
    one.lower !== null && `95 %: ${interval(one.lower, one.upper, unit)}`,
    one.score !== null && `score ${score(one.score)}`,
  ]
    .filter(Boolean)
    .join("  ·  ");
}
