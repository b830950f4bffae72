// Alerts, gaps, quarantine and state changes in tables.
import { $, clock, duration, fillRow, fullTime, h, micros, num, pill, reconcile, serverNow, state, text, toMs } from "/assets/page.js";

function showTable(id, count, records, cells) {
  const search = $("ledger-search").value.trim().toLowerCase();
  const list = records.map((record) => ({ record, cells: cells(record) }));
  const words = (row) => row.cells.map((cell) => (cell instanceof Node ? cell.textContent : cell && cell.value instanceof Node ? cell.value.textContent : cell && typeof cell === "object" ? cell.value : cell)).join(" ").toLowerCase();
  const found = list.filter((row) => !search || words(row).includes(search));
  text($(count), found.length === records.length ? String(records.length) : found.length + " of " + records.length);
  const shown = found.length ? found.slice(0, 300) : [{ record: { id: "none" }, none: true }];
  reconcile($(id), shown, (row) => row.record.id || row.record.number, (row) => (row.none ? h("tr", {}, h("td", { class: "empty", colspan: "9" }, search ? "Nothing is like this." : "None.")) : h("tr")),
    (node, row) => { if (!row.none) fillRow(node, row.cells); });
}

const at = (ns) => ({ value: clock(ns), cls: "time", title: fullTime(ns) });

export function showLedger() {
  const open = [...state.alerts.values()].filter((each) => each.cleared_ns === null && each.severity === "critical").length;
  const openGaps = state.gaps.filter((gap) => gap.end_ns === null).length;
  $("count-ledger").hidden = open + openGaps === 0;
  text($("count-ledger"), String(open + openGaps));
  if (state.tab !== "ledger") return;
  const alerts = [...state.alerts.values()].sort((a, b) => b.number - a.number);
  showTable("alerts", "n-alerts", alerts, (each) => [at(each.since_ns), pill(each.severity), each.component, { value: each.text, cls: "wrap" }, each.cleared_ns ? at(each.cleared_ns) : pill("open")]);
  showTable("raised", "n-raised", state.raised, (each) => [at(each.receive_ns), pill(each.severity), each.venue, each.instrument || "", each.rule, { value: each.reason + (each.suppressed ? " (and " + each.suppressed + " held back)" : ""), cls: "wrap" }, { value: each.event || "", cls: "wrap" }]);
  showTable("gaps", "n-gaps", state.gaps, (gap) => [at(gap.begin_ns), num(gap.end_ns ? micros(Math.max(0, (toMs(gap.end_ns) - toMs(gap.begin_ns)) * 1000)) : duration(serverNow() - toMs(gap.begin_ns))),
    gap.venue, gap.instrument, gap.feed, gap.cause, gap.repair === "none" ? "" : gap.repair, { value: gap.detail, cls: "wrap" }, pill(gap.end_ns === null ? "open" : gap.recovered ? "recovered" : "ended")]);
  showTable("quarantine", "n-quarantine", state.quarantine, (each) => [at(each.receive_ns), each.venue, each.instrument || "", each.rule, { value: each.reason, cls: "wrap" }, { value: h("code", {}, each.excerpt), cls: "wrap" }]);
  showTable("states", "n-states", state.states, (each) => [at(each.receive_ns), each.venue, each.instrument, each.feed, h("span", {}, pill(each.from), " → ", pill(each.to)), { value: each.reason, cls: "wrap" }]);
}
