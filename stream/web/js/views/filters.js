// Search and filters of the overview, and which rows they let through. Their values live in the address bar.

import { h, setAttribute } from "../dom.js";
import { icon } from "../icons.js";
import { severityOf } from "../store.js";
import { rank, state } from "../words.js";

const STATES = [
  ["", "Any state"],
  ["ready", "Ready"],
  ["learning", "Learning"],
  ["silent", "Silent"],
];
const SEVERITY = [
  ["", "Any severity"],
  ["warning", "Warning or worse"],
  ["minor", "Minor or worse"],
  ["major", "Major or worse"],
  ["critical", "Critical"],
];

/** Every word of `q` must be in the text; a word with * or ? is a pattern for the whole name. */
function finds(q, name, text) {
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => (/[*?]/.test(word) ? pattern(word).test(name.toLowerCase()) : text.toLowerCase().includes(word)));
}

function pattern(word) {
  const escaped = word.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}

/** Whether a row passes { q, feed, state, severity }. */
export function matches(row, filter, store) {
  if (filter.feed && row.feed !== filter.feed) return false;
  if (filter.state && state(row, store.clock(row.feed).now).kind !== filter.state) return false;
  if (filter.severity && rank(severityOf(row)) < rank(filter.severity)) return false;
  if (!filter.q) return true;
  return finds(filter.q, row.id, `${row.id} ${row.feed} ${store.label(row.feed) ?? ""}`);
}

function choice(name, label, options, changed) {
  const select = h("select", { name, "aria-label": label, on: { change: () => changed({ [name]: select.value }) } });
  setOptions(select, options);
  return select;
}

function setOptions(select, options) {
  const { value } = select;
  select.replaceChildren(...options.map(([key, text]) => h("option", { value: key, text })));
  if (options.some(([key]) => key === value)) select.value = value;
}

/** { element, search, show(filter, feeds), count(text) }; `changed` gets the values that differ. */
export function filters(changed) {
  const search = h("input", {
    type: "search",
    class: "search",
    placeholder: "Search series",
    title: "Words, or a pattern with * and ?",
    "aria-label": "Search series",
    autocomplete: "off",
    spellcheck: "false",
    on: { input: () => changed({ q: search.value.trim() }) },
  });
  const feed = choice("feed", "Feed", [["", "All feeds"]], changed);
  const stateOf = choice("state", "State", STATES, changed);
  const severity = choice("severity", "Severity", SEVERITY, changed);
  const counter = h("span", { class: "filter-count", role: "status" });
  const element = h(
    "form",
    { class: "filters", role: "search", on: { submit: (event) => event.preventDefault() } },
    h("label", { class: "search-box" }, icon("search"), search, h("kbd", { text: "/", title: "Press / to search" })),
    feed,
    stateOf,
    severity,
    counter,
  );

  function show(filter, feeds) {
    setOptions(feed, [["", "All feeds"], ...feeds.map(({ name, label }) => [name, label ?? name])]);
    if (document.activeElement !== search) search.value = filter.q ?? "";
    for (const select of [feed, stateOf, severity]) {
      select.value = filter[select.name] ?? "";
      setAttribute(select, "data-set", select.value ? "" : null);
    }
  }
  return { element, search, show, counter };
}
