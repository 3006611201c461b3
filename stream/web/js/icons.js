// Shapes: severity is told by shape and word as well as by colour.

import { h, svg } from "./dom.js";

const SHAPES = {
  none: { d: "M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z" },
  warning: { d: "M8 2.25a5.75 5.75 0 1 0 0 11.5 5.75 5.75 0 0 0 0-11.5Z", hollow: true },
  minor: { d: "M8 1.6 15 14.2H1Z" },
  major: { d: "M8 .8 15.2 8 8 15.2.8 8Z" },
  critical: { d: "M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5Z", mark: "M8 4v4.6M8 11v.9" },
};

const NAMES = { none: "normal" };

export const severityName = (severity) => NAMES[severity] ?? severity;

/** The shape of a severity; without a `label` it is decoration beside a word. */
export function severityIcon(severity, label = null) {
  const { d, hollow, mark } = SHAPES[severity] ?? SHAPES.none;
  return svg(
    "svg",
    {
      class: `severity-icon severity-${severity}`,
      viewBox: "0 0 16 16",
      role: label ? "img" : null,
      "aria-label": label,
      "aria-hidden": label ? null : "true",
    },
    svg("path", { d, class: hollow ? "hollow" : "solid" }),
    mark ? svg("path", { d: mark, class: "mark" }) : null,
  );
}

/** Shape and word. */
export function severityChip(severity) {
  return h("span", { class: `chip severity-${severity}` }, severityIcon(severity), severityName(severity));
}

const LINES = {
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.4 10.4 14 14",
  back: "M9.5 3 4.5 8l5 5",
  previous: "M3 10l5-5 5 5",
  next: "M3 6l5 5 5-5",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  bell: "M4 11V7.2a4 4 0 0 1 8 0V11l1.2 1.5H2.8ZM6.8 14h2.4",
  close: "M4 4l8 8M12 4l-8 8",
};

/** A line drawing, decoration beside a label. */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: LINES[name] }));
}

/** The mark of the product: a drop with a wave. */
export function logo() {
  return svg(
    "svg",
    { class: "logo", viewBox: "0 0 24 24", "aria-hidden": "true" },
    svg("path", { class: "drop", d: "M12 1.8c3.4 4.3 7 8 7 12.6a7 7 0 0 1-14 0C5 9.8 8.6 6.1 12 1.8Z" }),
    svg("path", { class: "wave", d: "M6.2 14.8c1.5-1.7 2.9-1.7 4.3-.4s2.9 1.6 4.1.2 2.2-1.3 3.3-.3" }),
  );
}
