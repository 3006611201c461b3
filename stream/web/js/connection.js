// How the connection is: a small sign in the header, and a banner while it is lost.

import { h, setClass, setText } from "./dom.js";
import { stamp } from "./time.js";

const WORDS = { connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", paused: "Paused" };

/** { pill, banner } */
export function connection(live) {
  const word = h("span", { text: WORDS.connecting });
  const pill = h("span", { class: "live-pill", role: "status" }, h("i", { "aria-hidden": "true" }), word);
  const text = h("span");
  const retry = h("button", { class: "button", type: "button", text: "Try now", on: { click: () => live.retry() } });
  const banner = h("div", { class: "banner", role: "alert", hidden: true }, text, retry);
  let timer = 0;

  function show() {
    setText(word, WORDS[live.state]);
    setClass(pill, `live-pill is-${live.state}`);
    const lost = live.state === "reconnecting";
    banner.hidden = !lost;
    document.documentElement.classList.toggle("is-stale", lost);
    clearInterval(timer);
    if (lost) {
      timer = setInterval(countdown, 500);
      countdown();
    }
  }

  function countdown() {
    const seconds = Math.max(0, Math.ceil((live.retryAt - Date.now()) / 1000));
    const since = live.heardAt ? ` What you see is from ${stamp(live.heardAt / 1000, Date.now() / 1000)}.` : "";
    setText(text, `The connection is lost.${since} ${seconds ? `Trying again in ${seconds} s.` : "Trying again now."}`);
  }

  live.addEventListener("state", show);
  return { pill, banner };
}
