// A table that draws only the rows in sight, scrolling with the page. Rows are found by key, so that a row keeps its
// element (and the focus) while the order changes around it.

import { h, paced, setAttribute } from "./dom.js";

const OVERSCAN = 6;

export class VirtualTable {
  #rows = [];
  #drawn = new Map(); // key -> { element, update }
  #rowHeight = 52;
  #listeners = new AbortController();

  /** Key of the row that the keyboard is at. */
  selected = null;

  /**
   * @param {object} options
   * @param {string} options.label for screen readers
   * @param {HTMLElement} options.head header row (role row)
   * @param {(row) => {element: HTMLElement, update: (row) => void}} options.create
   * @param {(row) => void} options.open what Enter and a click do
   */
  constructor({ label, head, create, open }) {
    this.create = create;
    this.open = open;
    this.body = h("div", { class: "table-body", role: "rowgroup" });
    this.head = h("div", { class: "table-head", role: "rowgroup" }, head);
    this.element = h("div", { class: "table", role: "grid", "aria-label": label }, this.head, this.body);
    this.draw = paced(() => this.#draw());
    const options = { passive: true, signal: this.#listeners.signal };
    addEventListener("scroll", this.draw, options);
    addEventListener("resize", this.draw, options);
    this.body.addEventListener("click", (event) => this.#clicked(event));
    this.body.addEventListener("focusin", (event) => {
      const element = event.target.closest("[data-key]");
      if (element) this.selected = element.dataset.key;
    });
  }

  setRows(rows) {
    this.#rows = rows;
    setAttribute(this.element, "aria-rowcount", rows.length + 1);
    this.draw();
  }

  /** Move the selection by `step` rows and the focus with it. */
  move(step) {
    if (!this.#rows.length) return;
    const at = this.#rows.findIndex((row) => row.key === this.selected);
    const to = at < 0 ? 0 : Math.min(Math.max(at + step, 0), this.#rows.length - 1);
    this.selected = this.#rows[to].key;
    this.#reveal(to);
    this.#draw();
    this.#drawn.get(this.selected)?.element.focus({ preventScroll: true });
  }

  openSelected() {
    const row = this.#rows.find(({ key }) => key === this.selected);
    if (row) this.open(row);
    return Boolean(row);
  }

  /** Whether somebody points at or has the keyboard in the rows: then they should not move. */
  isBusy = () => this.body.matches(":hover") || this.body.contains(document.activeElement);

  destroy() {
    this.#listeners.abort();
  }

  #clicked(event) {
    const element = event.target.closest("[data-key]");
    if (!element || event.target.closest("a") || event.defaultPrevented || String(getSelection())) return;
    this.selected = element.dataset.key;
    this.openSelected();
  }

  #reveal(index) {
    const body = this.body.getBoundingClientRect();
    const top = body.top + index * this.#rowHeight;
    const ceiling = this.head.getBoundingClientRect().bottom;
    if (top < ceiling) scrollBy(0, top - ceiling);
    else if (top + this.#rowHeight > innerHeight) scrollBy(0, top + this.#rowHeight - innerHeight + 8);
  }

  #draw() {
    if (!this.element.isConnected) return;
    this.#rowHeight = parseFloat(getComputedStyle(this.element).getPropertyValue("--row-height")) || 52;
    this.body.style.height = `${this.#rows.length * this.#rowHeight}px`;
    const above = -this.body.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(above / this.#rowHeight) - OVERSCAN);
    const last = Math.min(this.#rows.length, Math.ceil((above + innerHeight) / this.#rowHeight) + OVERSCAN);
    const wanted = new Set();
    for (let i = 0; i < this.#rows.length; i++) {
      const row = this.#rows[i];
      if ((i < first || i >= last) && row.key !== this.selected) continue;
      wanted.add(row.key);
      this.#place(row, i);
    }
    for (const [key, { element }] of this.#drawn) {
      if (wanted.has(key)) continue;
      element.remove();
      this.#drawn.delete(key);
    }
  }

  #place(row, index) {
    let drawn = this.#drawn.get(row.key);
    if (!drawn) {
      drawn = this.create(row);
      drawn.element.dataset.key = row.key;
      this.#drawn.set(row.key, drawn);
      this.body.append(drawn.element);
    }
    const { element } = drawn;
    const transform = `translateY(${index * this.#rowHeight}px)`;
    if (element.style.transform !== transform) element.style.transform = transform;
    setAttribute(element, "aria-rowindex", index + 2);
    const isStop = row.key === this.selected || (this.selected === null && index === 0);
    setAttribute(element, "tabindex", isStop ? 0 : -1);
    drawn.update(row);
  }
}
