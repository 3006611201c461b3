// One row of the overview's table.

import { h, setAttribute, setClass, setText } from "../dom.js";
import { severityIcon, severityName } from "../icons.js";
import { seriesHref } from "../route.js";
import { sparkline } from "../sparkline.js";
import { severityOf } from "../store.js";
import { ago, stamp } from "../time.js";
import { comparison, scaleOf, score as words, state } from "../words.js";

const SCORE_SHOWN = 2; // the bar's right end; the 1.0 line is in its middle

const cell = (name, ...children) => h("div", { class: `cell ${name}`, role: "gridcell" }, children);

/** The bar of a score against the 1.0 line: { element, draw(score, severity) }. */
export function scoreBar() {
  const fill = h("i", { class: "score-fill" });
  const bar = h("span", { class: "score-bar", "aria-hidden": "true" }, fill, h("i", { class: "score-line" }));
  const figure = h("span", { class: "score-figure" });
  const element = h("span", { class: "score" }, bar, figure);
  function draw(score, severity) {
    const share = Math.min(Math.max((score ?? 0) / SCORE_SHOWN, 0), 1);
    fill.style.width = `${(share * 100).toFixed(1)}%`;
    setClass(element, `score severity-${score >= 1 ? severity : "none"}`);
    setText(figure, words(score));
  }
  return { element, draw };
}

/** { element, update(row) }; `store` gives units and clocks. */
export function seriesRow(row, store) {
  const mark = h("span", { class: "row-mark" });
  const link = h("a", { class: "row-name", href: seriesHref(row.feed, row.id), tabindex: "-1", text: row.id, title: row.id });
  const feed = h("span");
  const brief = h("span", { class: "row-state" }); // where the state has no column of its own
  const spark = sparkline(160, 34);
  const score = scoreBar();
  const actual = h("span", { class: "row-actual" });
  const against = h("span", { class: "row-against" });
  const progress = h("i", { class: "progress", "aria-hidden": "true" }, h("i"));
  const doing = h("span");
  const when = h("span");
  const element = h(
    "div",
    { class: "table-row", role: "row" },
    cell("c-name", mark, h("span", { class: "row-title" }, link, h("span", { class: "row-feed" }, feed, brief))),
    cell("c-spark", spark.element),
    cell("c-score", score.element),
    cell("c-value", actual, against),
    cell("c-state", doing, progress),
    cell("c-time", when),
  );

  let shown = null;
  function update(now) {
    const severity = severityOf(now);
    if (severity !== shown) {
      mark.replaceChildren(severityIcon(severity, severityName(severity)));
      element.dataset.severity = severity;
      shown = severity;
    }
    setText(feed, store.label(now.feed) ?? now.feed);
    spark.draw(now.sparkline, [now.lower, now.upper]);
    score.draw(now.score, severity);
    const words = comparison(now, store.unit(now.feed, now.id), scaleOf(now.sparkline.map(([, value]) => value)));
    setText(actual, words.actual);
    setText(against, words.against);
    setClass(against, `row-against is-${words.where}`);
    const clock = store.clock(now.feed);
    const { kind, text, share } = state(now, clock.now);
    setText(doing, text);
    setText(brief, kind === "ready" ? "" : ` · ${text}`);
    setClass(doing, `state is-${kind}`);
    progress.hidden = share === undefined;
    if (share !== undefined) progress.firstChild.style.width = `${Math.min(share, 1) * 100}%`;
    setText(when, ago(now.time, clock.now));
    setAttribute(when, "title", stamp(now.time));
  }
  return { element, update };
}
