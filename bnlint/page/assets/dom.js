// Elements out of data. Text becomes text nodes and nothing else: there is no way from a name to markup.

const report = JSON.parse(document.getElementById("data").textContent);

/** What is really there of children of which some may be missing. */
const present = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...present(children));
  return element;
}

const html = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) => filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/** Words in which backticks mark code. */
function prose(text) {
  return text.split("`").map((part, position) => (position % 2 ? html("code", {}, part) : part));
}

/** `1 layer`, `2 layers`. */
const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** A number in few digits. */
function short(value) {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e5 || size < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

/** Give an element other children. */
const refill = (element, ...children) => element.replaceChildren(...present(children));

/** What a colour of the style is at the moment. */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const SEVERITIES = ["error", "warning", "info"];
const SIGNS = { error: "×", warning: "!", info: "i" };

/** The worst severity of findings that are given by number; "" of none. */
function worst(numbers) {
  return SEVERITIES.find((severity) => numbers.some((number) => report.findings[number].severity === severity)) || "";
}

/** A mark for a severity that does not rest on its colour. */
const sign = (severity) => html("span", { class: `sign ${severity}`, "aria-hidden": "true" }, SIGNS[severity]);
