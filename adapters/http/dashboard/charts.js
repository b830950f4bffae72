// Sparklines and meters.
import { h, state, svg, text } from "/assets/page.js";

export function remember(name, value, most = 90) {
  const list = state.series.get(name) || [];
  list.push(value);
  if (list.length > most) list.shift();
  state.series.set(name, list);
}

export function drawSpark(node, name) {
  const values = state.series.get(name) || [];
  if (!node.firstChild) {
    node.setAttribute("viewBox", "0 0 100 34");
    node.setAttribute("preserveAspectRatio", "none");
    node.append(svg("path", { class: "area" }), svg("path", { class: "line" }));
  }
  if (values.length < 2) return;
  const top = Math.max(...values, 1);
  const points = values.map((value, at) => [(at / (values.length - 1)) * 100, 32 - (value / top) * 29]);
  const line = points.map(([x, y], at) => (at ? "L" : "M") + x.toFixed(1) + " " + y.toFixed(1)).join("");
  node.children[1].setAttribute("d", line);
  node.children[0].setAttribute("d", line + "L100 34L0 34Z");
}

export function chart(label, name) {
  const value = h("b");
  const line = svg("svg", { class: "spark", "aria-hidden": "true" });
  const node = h("div", { class: "chart" }, h("div", { class: "name" }, label, value), line);
  node.refresh = (shown) => { text(value, shown); drawSpark(line, name); };
  return node;
}

export function meter(share, note) {
  const bar = h("i");
  bar.style.width = Math.min(100, share * 100).toFixed(1) + "%";
  if (share > 0.9) bar.className = "bad"; else if (share > 0.6) bar.className = "warn";
  return h("div", { class: "metered", title: note }, h("span", { class: "meter" }, bar), h("span", {}, note));
}
