// What a page shows when it has nothing to show: loading, empty, error.

import { h } from "./dom.js";

/** Grey shapes where rows will be. */
export function loading(rows = 8) {
  return h(
    "div",
    { class: "skeleton", role: "status" },
    h("span", { class: "visually-hidden", text: "Loading" }),
    Array.from({ length: rows }, () => h("div", { class: "skeleton-row" }, h("i"), h("i"), h("i"))),
  );
}

/** A short text in the middle, with what to do next. */
export function notice(title, text, ...actions) {
  return h(
    "div",
    { class: "notice", role: "status" },
    h("h2", { text: title }),
    text && h("p", { text }),
    actions.length > 0 && h("div", { class: "notice-actions" }, actions),
  );
}

export function failure(error, retry, ...more) {
  return notice(
    error.title ?? "Something went wrong",
    error.detail ?? error.message,
    h("button", { class: "button primary", type: "button", text: "Try again", on: { click: retry } }),
    ...more,
  );
}

/** No events yet: how to send the first one; `feeds` are the names there are. */
export function noSeries(feeds) {
  const event = JSON.stringify({ series: "hello", time: Math.floor(Date.now() / 1000), value: 21.5 });
  const base = new URL("v1/events", document.baseURI);
  const address = feeds.length > 1 ? `'${base}?feed=${feeds[0]}'` : base;
  const command = `curl ${address} \\\n  -H 'content-type: application/json' \\\n  -d '${event}'`;
  return h(
    "div",
    { class: "notice" },
    h("h2", { text: "No events yet" }),
    h("p", { text: "As soon as the first event of a series comes in, the series appears here. Send one:" }),
    h("pre", {}, h("code", { text: command })),
  );
}
