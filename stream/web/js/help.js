// The help: keys, and the few words one has to know.

import { h } from "./dom.js";

const KEYS = [
  ["j  k  ↓  ↑", "next and previous series"],
  ["Enter", "open the series"],
  ["Esc", "back; in the search box: clear it"],
  ["/", "search"],
  ["←  →", "in a series: earlier, later"],
  ["+  −  0", "in a series: closer, wider, all"],
  ["?", "this help"],
];

const TERMS = [
  ["Score", "How unusual an event is for its own series. 1.0 is the alert line for every series, whatever it measures."],
  ["Band", "Where a value was expected before it came: 80 of 100 values should fall in the darker band, 95 of 100 in the lighter one."],
  ["Fan", "The same bands for the time ahead, from the newest event on."],
  ["Learning", "A new series needs some events before its scores can be relied on."],
  ["Silent", "No event for ten times the usual wait (and at least a minute)."],
  [
    "Times",
    "Shown in your own time zone. “Ago” is counted from now; for a feed whose newest event is more than a day away from now (a replay), from that newest event.",
  ],
];

/** { element, open() } */
export function help() {
  const close = h("button", { class: "round", type: "button", "aria-label": "Close", text: "×", on: { click: () => element.close() } });
  const element = h(
    "dialog",
    { class: "help", "aria-labelledby": "help-title" },
    h("header", {}, h("h2", { id: "help-title", text: "Keys and words" }), close),
    h(
      "dl",
      { class: "keys" },
      KEYS.flatMap(([keys, text]) => [h("dt", {}, keys.split("  ").map((key) => h("kbd", { text: key }))), h("dd", { text })]),
    ),
    h("dl", { class: "terms" }, TERMS.flatMap(([term, text]) => [h("dt", { text: term }), h("dd", { text })])),
  );
  element.addEventListener("click", (event) => event.target === element && element.close());
  return { element, open: () => element.showModal() };
}
