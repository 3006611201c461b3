// One connection for live events (server-sent events), with its own reconnecting: the browser's gives up on some errors.

const SILENCE_MS = 10000; // statistics come every second: after this long without any, the connection is dead
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 10000;
const HIDDEN_MS = 60000; // a page out of sight gives its connection back: browsers allow only six to one server

/**
 * Dispatches `result`, `alert` and `stats` (detail: the parsed data), `state` when the connection changes, and `resync`
 * when it is back after a loss: whatever was missed has to be fetched again.
 */
export class Live extends EventTarget {
  #source = null;
  #timer = 0;
  #watchdog = 0;
  #hidden = 0;
  #failures = 0;
  #missed = false; // whether there was a connection before, so that something may have been missed
  #filter = {};

  /** "connecting" | "live" | "reconnecting" | "paused" */
  state = "connecting";
  /** When the next attempt is made, in ms of Date.now(). */
  retryAt = 0;
  /** When the last message came, in ms of Date.now(); 0 before the first. */
  heardAt = 0;

  constructor() {
    super();
    addEventListener("pagehide", () => this.#pause());
    addEventListener("pageshow", () => this.#resume());
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#hidden);
      if (document.hidden) this.#hidden = setTimeout(() => this.#pause(), HIDDEN_MS);
      else this.#resume();
    });
  }

  /** Listen to everything, or to one series; an open connection with another filter is replaced. */
  open(filter = {}) {
    if (this.#source && JSON.stringify(filter) === JSON.stringify(this.#filter)) return;
    this.#filter = filter;
    if (this.state !== "paused") this.#connect();
  }

  /** Try now instead of at `retryAt`. */
  retry() {
    if (this.state === "reconnecting") this.#connect();
  }

  #connect() {
    this.#drop();
    const source = new EventSource(`v1/stream?${new URLSearchParams(this.#filter)}`);
    this.#source = source;
    source.addEventListener("open", () => this.#heard());
    source.addEventListener("error", () => this.#lost());
    for (const name of ["result", "alert", "stats"]) {
      source.addEventListener(name, (message) => {
        this.#heard();
        this.dispatchEvent(new CustomEvent(name, { detail: JSON.parse(message.data) }));
      });
    }
    this.#watch();
  }

  #heard() {
    this.heardAt = Date.now();
    this.#watch();
    if (this.state === "live") return;
    const again = this.#missed;
    this.#failures = 0;
    this.#missed = true;
    this.#become("live");
    if (again) this.dispatchEvent(new Event("resync"));
  }

  #lost() {
    this.#drop();
    const wait = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LAST_RETRY_MS);
    this.#failures += 1;
    this.retryAt = Date.now() + wait;
    this.#timer = setTimeout(() => this.#connect(), wait);
    this.#become("reconnecting");
  }

  #pause() {
    this.#drop();
    this.#become("paused");
  }

  #resume() {
    if (this.state !== "paused") return;
    this.#become("connecting");
    this.#connect();
  }

  #watch() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#lost(), SILENCE_MS);
  }

  #drop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    this.#source?.close();
    this.#source = null;
  }

  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
