// What more there is to say of one alert: why, in sentences, and what somebody thinks of it.

import { api } from "../api.js";
import { h } from "../dom.js";
import { format } from "../route.js";
import { stamp } from "../time.js";
import { EVIDENCE, percent, score } from "../words.js";
import { bar } from "./bar.js";

const SHOWN_SHARE = 0.02;
const MARKS = [
  ["useful", "Useful", "Worth knowing: takes back what was said against such alerts"],
  ["useless", "Not useful", "Raises the alert line of this series for such evidence, for a while"],
];

/** The block of one explanation (an answer of /v1/explain). `clock` is the feed's. */
export function explanation(found, clock) {
  const shares = Object.entries(found.shares).filter(([, share]) => share >= SHOWN_SHARE);
  const [, ...sentences] = found.text.filter((text) => !text.startsWith("Evidence: ") && !text.startsWith("Most like "));
  return h(
    "div",
    { class: "explanation" },
    shares.length > 0 &&
      h(
        "ul",
        { class: "bars" },
        shares.map(([group, share]) => bar(EVIDENCE[group]?.title ?? group, share, percent(share), EVIDENCE[group]?.text)),
      ),
    h(
      "ul",
      { class: "sentences" },
      sentences.map((text) => h("li", { text })),
    ),
    found.similar.length > 0 &&
      h(
        "p",
        { class: "muted" },
        "Resembles ",
        found.similar.map(({ alert }, at) => [at ? ", " : "", similar(alert, clock)]).flat(),
      ),
  );
}

function similar(alert, clock) {
  const href = format({ page: "series", feed: alert.feed, series: alert.series, query: { alert: alert.id } });
  const said = alert.feedback ? `, ${alert.feedback}` : "";
  return h("a", { href, title: alert.why, text: `${stamp(alert.begin, clock.now, false)} (peak ${score(alert.peak)}${said})` });
}

/** Buttons that say of an alert what it was worth, and a fold with its explanation.
 *
 * `open` keeps, by alert, what was unfolded and loaded, so that a list can be drawn anew. */
export function more(alert, clock, open) {
  const told = h("span", { class: "muted", role: "status" });
  const buttons = MARKS.map(([mark, text, title]) =>
    h("button", { class: "button small", type: "button", title, text, "aria-pressed": String(alert.feedback === mark), on: { click: () => say(mark) } }),
  );

  async function say(mark) {
    if (alert.feedback === mark) return;
    for (const button of buttons) button.disabled = true;
    try {
      await api.feedback({ mark, alert: alert.id });
      alert.feedback = mark;
      buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(MARKS[at][0] === mark)));
      told.textContent = "Thank you: it is in the log.";
    } catch (error) {
      told.textContent = error.message;
    }
    for (const button of buttons) button.disabled = false;
  }

  const body = h("div", {}, open.get(alert.id) ?? []);
  const fold = h("details", { class: "alert-explain", open: open.has(alert.id) }, h("summary", { text: "Explain" }), body);
  fold.addEventListener("toggle", async () => {
    if (!fold.open) return void open.delete(alert.id);
    if (open.has(alert.id)) return;
    open.set(alert.id, h("p", { class: "muted", text: "Asking …" }));
    body.replaceChildren(open.get(alert.id));
    try {
      open.set(alert.id, explanation(await api.explain({ series: alert.series, feed: alert.feed, time: alert.begin }), clock));
    } catch (error) {
      open.set(alert.id, h("p", { class: "muted", text: error.message }));
    }
    body.replaceChildren(open.get(alert.id));
  });
  return h("div", { class: "alert-more" }, fold, h("div", { class: "alert-said" }, told, buttons));
}
