// Numbers in words, and elements whose strings are text and never markup.

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

// As imgdiag.units.format_bytes writes it.
function formatBytes(count) {
  if (count < 1000) return `${count} B`;
  let power = 0;
  for (let left = count; left >= 1000 && power < UNITS.length - 1; left /= 1000) power++;
  return `${(count / 1000 ** power).toFixed(count >= 1e9 ? 2 : 1)} ${UNITS[power]}`;
}

function exactBytes(count) {
  return `${counted(count)} bytes`;
}

function counted(count) {
  return count.toLocaleString("en-US");
}

function shortened(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function formatShare(part, whole) {
  if (!whole) return "0 %";
  const share = 100 * part / whole;
  return share > 0 && share < 1 ? "<1 %" : `${Math.round(share)} %`;
}

// element("td", { class: "number", title: "…" }, "text", child, …)
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child || child === 0));
  return made;
}

function button(text, onClick, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", onClick);
  return made;
}

// Bytes in human units, exact in the tooltip.
function bytes(count, attributes = {}) {
  if (count === null || count === undefined) return element("span", attributes, "?");
  return element("span", { title: exactBytes(count), ...attributes }, formatBytes(count));
}

function byId(id) {
  return document.getElementById(id);
}
