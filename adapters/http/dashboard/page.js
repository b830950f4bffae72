// What the page knows, and what all views need: making nodes, changing them, writing numbers.

export const $ = (id) => document.getElementById(id);
export const state = {
  overview: null, actors: [], instruments: [], alerts: new Map(), raised: [], gaps: [], quarantine: [], states: [],
  series: new Map(), rates: new Map(), lastEvent: 0, linked: false, book: null, open: new Set(), tab: "overview",
  timeline: [], token: sessionStorage.getItem("feedtree-token") || "", who: null,
};

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function svg(tag, attributes = {}) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// Changes a text only where it is another one, so that a selection and a reader are left alone.
export function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

export function shortNumber(value) {
  if (value >= 1e9) return (value / 1e9).toFixed(1) + " G";
  if (value >= 1e6) return (value / 1e6).toFixed(1) + " M";
  if (value >= 1e4) return (value / 1e3).toFixed(1) + " k";
  return Math.round(value).toLocaleString("en");
}

export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) { value /= 1024; at += 1; }
  return (at === 0 ? value : value.toFixed(1)) + " " + units[at];
}

export function micros(us) {
  if (us >= 1e6) return (us / 1e6).toFixed(1) + " s";
  if (us >= 1e3) return (us / 1e3).toFixed(us >= 1e4 ? 0 : 1) + " ms";
  return us + " µs";
}

// Nanoseconds come as text: only milliseconds fit a number.
export const toMs = (ns) => (ns === null || ns === undefined ? null : Number(BigInt(ns) / 1000000n));

export function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min " + (s % 60) + " s";
  if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
  return Math.floor(s / 86400) + " d " + Math.floor((s % 86400) / 3600) + " h";
}

export function clock(ns) {
  const ms = toMs(ns);
  return ms === null ? "" : new Date(ms).toLocaleTimeString("en-GB");
}

export function fullTime(ns) {
  const ms = toMs(ns);
  return ms === null ? "" : new Date(ms).toISOString();
}

export const serverNow = () => (state.overview ? toMs(state.overview.now_ns) : Date.now());

// How a state is coloured; the word always stands beside the colour.
export function tone(word) {
  if (["live", "running", "ok", "recovered", "ended"].includes(word)) return "good";
  if (["failed", "connecting", "failing", "disconnected", "gap", "crossed", "critical", "open"].includes(word)) return "bad";
  if (["stopped"].includes(word)) return "";
  return "warn";
}

export const pill = (word) => h("span", { class: "pill " + tone(word) }, word);

// ---- keyed lists: rows are kept and changed, so that focus and scrolling stay

export function reconcile(parent, items, key, make, update) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let at = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let node = old.get(name);
    if (!node) { node = make(item); node.dataset.key = name; }
    old.delete(name);
    if (node !== at) parent.insertBefore(node, at); else at = at.nextElementSibling;
    update(node, item);
  }
  for (const node of old.values()) node.remove();
}

// A row of cells; cells are texts or nodes. Changed only where a text is another one.
export function fillRow(row, cells) {
  while (row.cells.length < cells.length) row.insertCell();
  cells.forEach((cell, at) => {
    const td = row.cells[at];
    const { value, cls = "", title = "" } = cell !== null && typeof cell === "object" && !(cell instanceof Node) ? cell : { value: cell };
    if (td.className !== cls) td.className = cls;
    if (td.title !== title) td.title = title;
    if (value instanceof Node) {
      if (td.firstChild === null || td.firstChild.outerHTML !== value.outerHTML) td.replaceChildren(value);
    } else {
      text(td, value === null || value === undefined ? "" : String(value));
    }
  });
}

export const num = (value, cls = "") => ({ value, cls: "num " + cls });
