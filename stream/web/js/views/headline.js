// The head of a series' page: in ten seconds what happened and how bad it is.

import { h, setClass, setText } from "../dom.js";
import { icon, severityChip } from "../icons.js";
import { ago, duration, stamp } from "../time.js";
import { comparison, precision, quantity, state } from "../words.js";
import { scoreBar } from "./row.js";

/** { element, show(detail, openAlert, scale) }; scale as in `precision`. */
export function headline(id, feed, store) {
  const label = h("span", { class: "muted" });
  const chips = h("span", { class: "chips" });
  const actual = h("span", { class: "now-actual", text: "–", data: { value: "" } });
  const against = h("span", { class: "now-against" });
  const when = h("span", { class: "muted" });
  const score = scoreBar();
  const alert = h("p", { class: "now-alert", role: "status" });
  const element = h(
    "header",
    { class: "series-head is-unknown" },
    h("a", { class: "back", href: "#/", "aria-label": "Back to the overview", title: "Back (Esc)" }, icon("back")),
    h("div", { class: "series-title" }, h("h1", { text: id }), h("div", { class: "series-sub" }, label, chips)),
    h("div", { class: "now" }, h("div", { class: "now-value" }, actual, against), h("div", { class: "now-when" }, when)),
    h("div", { class: "now-score" }, h("span", { class: "muted", text: "Score now" }), score.element),
    alert,
  );

  function show(detail, open, scale) {
    setClass(element, "series-head");
    const clock = store.clock(feed);
    const unit = store.unit(feed, id);
    const words = comparison(detail, unit, scale);
    setText(label, [detail.label ?? store.label(feed), feed].filter((text, i, all) => text && all.indexOf(text) === i).join(" · "));
    setText(actual, words.actual);
    actual.dataset.value = detail.value;
    setText(against, words.where === "unknown" ? words.against : sentence(detail, unit, words, scale));
    setClass(against, `now-against is-${words.where}`);
    setText(when, `${stamp(detail.time, clock.now)} · ${ago(detail.time, clock.now)}${clock.replayed ? " in the feed’s own time" : ""}`);
    score.draw(detail.score, detail.severity);
    const doing = state(detail, clock.now);
    const key = `${doing.text}`;
    if (chips.dataset.key !== key) {
      chips.dataset.key = key;
      chips.replaceChildren(h("span", { class: `chip state is-${doing.kind}`, text: doing.text }));
    }
    showAlert(open, clock);
  }

  function showAlert(open, clock) {
    alert.hidden = !open;
    if (!open) return;
    alert.dataset.severity = open.severity;
    const length = duration(Math.round(Math.max(clock.now, open.peak_time) - open.begin));
    alert.replaceChildren(severityChip(open.severity), h("span", { text: `Alert open for ${length}, since ${stamp(open.begin, clock.now, false)}. ${open.why}.` }));
  }
  return { element, show };
}

function sentence(detail, unit, { where, against }, scale) {
  const range = against.slice(where.length + 1);
  const about = Number.isFinite(detail.expected) && range.includes(" to ");
  return `${where} the expected ${range}${about ? `, about ${quantity(detail.expected, unit, precision(detail, scale))}` : ""}`;
}
