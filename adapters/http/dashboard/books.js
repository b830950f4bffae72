// Instruments, depth chart and ladder.
import { $, fillRow, h, num, pill, reconcile, serverNow, shortNumber, state, svg, text } from "/assets/page.js";
import { call } from "/assets/stream.js";

const bookKey = (each) => each.venue + " " + each.instrument;

function noteRates() {
  const now = serverNow();
  for (const each of state.instruments) {
    const before = state.rates.get(bookKey(each));
    if (before && now - before.at < 900) continue;
    const rate = before && each.updates >= before.updates ? ((each.updates - before.updates) * 1000) / Math.max(1, now - before.at) : 0;
    state.rates.set(bookKey(each), { at: now, updates: each.updates, rate });
  }
}

export function showInstruments() {
  noteRates();
  const broken = state.instruments.filter((each) => each.state === "unknown" || (each.snapshots > 0 && each.state !== "live")).length;
  $("count-books").hidden = broken === 0;
  text($("count-books"), String(broken));
  if (state.tab !== "books") return;
  const search = $("book-search").value.trim().toLowerCase();
  const list = state.instruments.filter((each) => !search || bookKey(each).toLowerCase().includes(search));
  const first = list.find((each) => each.state !== "unknown");
  if (!state.book && first) pick(first);
  reconcile($("instruments"), list, bookKey, (each) => {
    const row = h("tr");
    row.append(h("td", {}, h("button", { class: "row-link", type: "button", onclick: () => pick(each) }, each.instrument), h("span", { class: "dim" }, " " + each.venue)));
    return row;
  }, (row, each) => {
    row.setAttribute("aria-selected", String(state.book !== null && bookKey(state.book) === bookKey(each)));
    const rate = state.rates.get(bookKey(each));
    fillRow(row, [row.cells[0].firstChild ? row.cells[0].firstChild : "", { value: pill(each.state), title: each.reason || "" }, num(each.bid_price || "–"), num(each.ask_price || "–"), num(rate ? shortNumber(rate.rate) : ""), num(shortNumber(each.checks_failed), each.checks_failed ? "warn" : "dim")]);
  });
}

function pick(each) {
  state.book = { venue: each.venue, instrument: each.instrument };
  text($("book-title"), each.instrument + " at " + each.venue);
  if (each.state === "unknown") text($("book-info"), each.reason);
  showInstruments();
  pollBook();
}

// Why there is no book, where the venue does not have the instrument.
function whyUnknown(of) {
  const found = state.instruments.find((each) => each.state === "unknown" && each.venue === of.venue && each.instrument === of.instrument);
  return found ? found.reason : "";
}

let bookTimer = 0;
export async function pollBook() {
  clearTimeout(bookTimer);
  if (state.tab !== "books" || !state.book || document.hidden) return;
  const { venue, instrument } = state.book;
  try {
    const response = await call("/api/v1/books/" + encodeURIComponent(venue) + "/" + encodeURIComponent(instrument) + "?depth=100");
    const book = await response.json();
    if (state.book && state.book.instrument === instrument && state.book.venue === venue) {
      if (response.ok) showBook(book); else text($("book-info"), whyUnknown(state.book) || book.detail || "no book");
    }
  } catch (error) { /* the header says that the connection is lost */ }
  clearTimeout(bookTimer);
  bookTimer = setTimeout(pollBook, 500);
}

function showBook(book) {
  const slot = $("book-state");
  if (slot.textContent !== book.state) slot.replaceChildren(pill(book.state));
  const bid = book.bids.length ? Number(book.bids[0][0]) : null;
  const ask = book.asks.length ? Number(book.asks[0][0]) : null;
  const spread = bid !== null && ask !== null && bid > 0 ? (((ask - bid) / bid) * 1e4).toFixed(2) + " bp spread, " : "";
  text($("book-info"), spread + book.bids_total + " bids, " + book.asks_total + " asks");
  drawDepth(book);
  drawLadder(book);
}

function cumulative(side) {
  let total = 0;
  return side.map(([price, quantity]) => { total += Number(quantity); return [Number(price), total]; });
}

function drawDepth(book) {
  const bids = cumulative(book.bids), asks = cumulative(book.asks);
  const box = $("depth");
  if (!bids.length || !asks.length) { box.replaceChildren(h("p", { class: "dim" }, "No levels on both sides.")); return; }
  const mid = (bids[0][0] + asks[0][0]) / 2;
  const reach = Math.max(mid - bids[bids.length - 1][0], asks[asks.length - 1][0] - mid) || 1;
  const top = Math.max(bids[bids.length - 1][1], asks[asks.length - 1][1]);
  const x = (price) => 50 + ((price - mid) / reach) * 50;
  const y = (total) => 98 - (total / top) * 92;
  const steps = (side) => {
    let path = "M" + x(side[0][0]) + " 100";
    let last = 100;
    for (const [price, total] of side) { path += "L" + x(price) + " " + last + "L" + x(price) + " " + y(total); last = y(total); }
    return path + "L" + x(side[side.length - 1][0]) + " 100Z";
  };
  const picture = svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
  picture.append(svg("path", { class: "bids", d: steps(bids) }), svg("path", { class: "asks", d: steps(asks) }), svg("path", { class: "mid", d: "M50 0L50 100" }));
  box.setAttribute("aria-label", "Depth chart: " + bids.length + " bids from " + bids[0][0] + ", " + asks.length + " asks from " + asks[0][0]);
  box.replaceChildren(picture);
}

function drawLadder(book) {
  const shown = 14;
  const sides = { bids: book.bids.slice(0, shown), asks: book.asks.slice(0, shown) };
  const largest = Math.max(1e-18, ...sides.bids.map((l) => Number(l[1])), ...sides.asks.map((l) => Number(l[1])));
  const ladder = $("ladder");
  if (!ladder.firstChild) {
    for (const side of ["bids", "asks"]) {
      const head = side === "bids" ? ["Quantity", "Bid"] : ["Ask", "Quantity"];
      ladder.append(h("div", { class: "side " + side }, h("div", { class: "head" }, h("span", {}, head[0]), h("span", {}, head[1])), h("div", { class: "levels" })));
    }
  }
  for (const side of ["bids", "asks"]) {
    reconcile(ladder.querySelector("." + side + " .levels"), sides[side].map((level, at) => ({ level, at })), (each) => each.at,
      () => h("div", { class: "level" }, h("i"), h("span"), h("span")),
      (node, { level }) => {
        node.children[0].style.width = ((Number(level[1]) / largest) * 100).toFixed(1) + "%";
        const [left, right] = side === "bids" ? [level[1], level[0]] : [level[0], level[1]];
        node.children[1].className = side === "bids" ? "" : "price";
        node.children[2].className = side === "bids" ? "price" : "";
        text(node.children[1], left);
        text(node.children[2], right);
      });
  }
}
