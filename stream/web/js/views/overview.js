// The overview: four figures and every series, worst first.

import { h, isTyping, paced, setAttribute, setText } from "../dom.js";
import { format, parse, replaceQuery } from "../route.js";
import { failure, loading, noSeries, notice } from "../states.js";
import { MOST_SERIES, ORDERS } from "../store.js";
import { VirtualTable } from "../table.js";
import { count, plural } from "../words.js";
import { cards } from "./cards.js";
import { filters, matches } from "./filters.js";
import { seriesRow } from "./row.js";

const DRAW_MS = 250; // live values are drawn at most this often
const SORT_MS = 2000; // and rows change places at most this often
const SEARCH_MS = 250;

const HEAD = [
  ["c-name", "Series", "name"],
  ["c-spark", "Newest values", null],
  ["c-score", "Score", "worst", "1.0 is the alert line"],
  ["c-value", "Actual against expected", null],
  ["c-state", "State", null],
  ["c-time", "Last event", "time"],
];

export function overview({ store, live }) {
  const figures = cards(store);
  const bar = filters(changeFilter);
  const head = header((sort) => changeFilter({ sort: sort === "worst" ? "" : sort }));
  const table = new VirtualTable({ label: "Series", head: head.element, create: (row) => seriesRow(row, store), open });
  const stateBox = h("div", { class: "state-box" });
  const element = h(
    "main",
    { class: "page overview", id: "main", tabindex: "-1" },
    h("h1", { class: "visually-hidden", text: "Overview" }),
    figures.element,
    bar.element,
    table.element,
    stateBox,
  );

  let filter = parse(location.hash).query;
  let order = [];
  let sortedAt = 0;
  let searching = 0;

  function open(row) {
    location.hash = format({ page: "series", feed: row.feed, series: row.id });
  }

  function changeFilter(changes) {
    replaceQuery(changes);
    filter = parse(location.hash).query;
    sortedAt = 0;
    if (scrollY > table.element.offsetTop) scrollTo(0, 0);
    if (store.total > MOST_SERIES || serverFiltered) searchOnServer();
    draw();
  }

  // More series than the browser holds: let the server search among all of them.
  let serverFiltered = false;
  function searchOnServer() {
    clearTimeout(searching);
    searching = setTimeout(() => {
      serverFiltered = Boolean(filter.q || filter.feed);
      store.load({ search: filter.q, feed: filter.feed });
    }, SEARCH_MS);
  }

  function sorted() {
    const due = performance.now() - sortedAt > SORT_MS && !(sortedAt && table.isBusy());
    if (due) {
      const rows = [...store.rows.values()].filter((row) => matches(row, filter, store));
      order = rows.sort(ORDERS[filter.sort] ?? ORDERS.worst);
      sortedAt = performance.now();
    }
    return order;
  }

  const draw = paced(() => {
    figures.update();
    bar.show(filter, [...store.feeds.values()]);
    head.show(filter.sort || "worst");
    const rows = sorted();
    table.setRows(rows);
    table.element.hidden = rows.length === 0;
    const shown = stateOf(rows);
    if (shown.key !== stateBox.dataset.key) {
      stateBox.dataset.key = shown.key;
      stateBox.replaceChildren(...(shown.make ? [shown.make()] : []));
    }
    setText(bar.counter, counted(rows.length));
  }, DRAW_MS);

  function stateOf(rows) {
    if (store.error && !store.rows.size) {
      return { key: `error ${store.error.message}`, make: () => failure(store.error, () => store.load()) };
    }
    if (!store.loaded) return { key: "loading", make: () => loading() };
    if (!store.rows.size && !serverFiltered) return { key: "empty", make: () => noSeries([...store.feeds.keys()]) };
    if (!rows.length) return { key: "none", make: () => notice("No series matches", "", clearButton()) };
    return { key: "" };
  }

  const clearButton = () =>
    h("button", {
      class: "button",
      type: "button",
      text: "Clear search and filters",
      on: { click: () => changeFilter({ q: "", feed: "", state: "", severity: "" }) },
    });

  function counted(shown) {
    if (!store.loaded) return "";
    const total = Math.max(store.total, store.rows.size);
    if (total > MOST_SERIES) return `${count(shown)} worst of ${count(total)}`;
    return shown === total ? plural(total, "series", "series") : `${count(shown)} of ${count(total)} series`;
  }

  const listeners = new AbortController();
  const { signal } = listeners;
  for (const name of ["series", "feeds", "stats", "error"]) store.addEventListener(name, draw, { signal });
  store.addEventListener("loaded", () => {
    sortedAt = 0;
    draw();
  }, { signal });
  live.addEventListener("resync", () => store.load(), { signal });
  bar.search.value = filter.q ?? "";
  bar.search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      table.move(event.key === "Enter" ? 0 : 1);
    }
  });
  live.open();
  store.load();

  return {
    element,
    title: "Overview",
    start: draw,
    stop() {
      listeners.abort();
      table.destroy();
    },
    key(event) {
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
      if (event.key === "Escape" && document.activeElement === bar.search) {
        bar.search.value = "";
        changeFilter({ q: "" });
        bar.search.blur();
      } else if (isTyping()) return false;
      else if (event.key === "/") bar.search.select();
      else if (step) table.move(step);
      else if (event.key === "Enter" && !document.activeElement.matches("a, button")) return table.openSelected();
      else return false;
      return true;
    },
  };
}

/** The header row; a click on a column that sorts calls `sort`. */
function header(sort) {
  const cells = HEAD.map(([name, text, order, title]) =>
    h(
      "div",
      { class: `cell ${name}`, role: "columnheader", data: { order: order ?? "" } },
      order ? h("button", { type: "button", text, title, on: { click: () => sort(order) } }) : text,
    ),
  );
  const element = h("div", { class: "table-row head-row", role: "row", "aria-rowindex": 1 }, cells);
  function show(order) {
    for (const one of cells) {
      const isSorted = one.dataset.order === order;
      if (one.dataset.order) setAttribute(one, "aria-sort", isSorted ? (order === "name" ? "ascending" : "descending") : "none");
    }
  }
  return { element, show };
}
