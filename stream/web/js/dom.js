// Small helpers to build and change the page. Text from outside only ever becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with properties and children.
 *
 * Properties: `class`, `text`, `data` (object), `on` (event name -> listener); anything else is an attribute, left out
 * when null or false. Children that are null or false are left out.
 */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** As `h`, for SVG. */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.setAttribute("class", value);
    else if (name === "text") element.textContent = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Change the text only if it differs, so that a quiet page causes no layout. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setClass(element, name) {
  if (element.getAttribute("class") !== name) element.setAttribute("class", name);
}

export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** A function that runs `action` at the next frame, once however often it is called; at least `pause` ms apart. */
export function paced(action, pause = 0) {
  let wanted = false;
  let last = -Infinity;
  const run = () => {
    wanted = false;
    last = performance.now();
    action();
  };
  return () => {
    if (wanted) return;
    wanted = true;
    const wait = last + pause - performance.now();
    if (wait > 0) setTimeout(() => requestAnimationFrame(run), wait);
    else requestAnimationFrame(run);
  };
}

/** Whether key presses belong to the focused element rather than to the page. */
export function isTyping() {
  const element = document.activeElement;
  return Boolean(element) && (element.matches("input, select, textarea") || Boolean(element.closest("dialog")));
}
