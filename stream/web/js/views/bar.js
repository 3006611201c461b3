import { h } from "../dom.js";

/** One horizontal bar with its words and figure, as an item of a list. */
export function bar(text, share, figure, title = null) {
  const fill = h("i");
  fill.style.width = `${(Math.min(share, 1) * 100).toFixed(1)}%`;
  return h(
    "li",
    { class: "bar", title },
    h("span", { text }),
    h("span", { class: "bar-figure", text: figure }),
    h("i", { class: "bar-track", "aria-hidden": "true" }, fill),
  );
}
