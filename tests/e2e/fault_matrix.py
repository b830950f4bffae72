"""Every fault at every venue: is it noticed, how soon, repaired how, and do neighbours not notice?

fault_matrix.py [FAULT]... [--markdown FILE]. A fault runs twice at the same time: half of the venues are
hurt and the others are their neighbours, and the reverse. Exit code 0 if all is as fault_cases.py
promises; else 1 with a line for each broken promise."""
import argparse
import concurrent.futures
import dataclasses
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

import chaos_check
import fault_cases
import hostile
import starved

GROUPS = (tuple(hostile.VENUES)[0::2], tuple(hostile.VENUES)[1::2])
RATE = 60      # frames a second and venue
REST_S = 3     # markets rest: what is under way arrives
SETTINGS = "    connect_timeout: 5s\n"
RECONNECT = "reconnect: {initial: 100ms, max: 1s}\nbreaker: {open_for: 1s}\n"


@dataclasses.dataclass
class Cell:
    """What one fault did to one venue."""
    venue: str
    hits: int = 0
    noticed_s: float | None = None  # from the first fault to its entry
    repaired_s: float | None = None  # to the last book that is live again
    entries: int = 0
    problems: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Seen:
    """What the server wrote down of one venue, as rows."""
    gaps: list
    states: list
    quarantine: list

    def last_state(self, instrument):
        changes = [row for row in self.states
                   if row["instrument"] == instrument and row["feed"] == "book"]
        if not changes:
            return "none"
        last = [row for row in changes if row["receive_ns"] == changes[-1]["receive_ns"]]
        left = {row["from_state"] for row in last}  # of several at once the last is left by none
        ends = [row["to_state"] for row in last if row["to_state"] not in left]
        return (ends or [row["to_state"] for row in last] or ["none"])[-1]


def rows(database, query, venue):
    return [dict(row) for row in database.execute(query, (venue,))]


def read_seen(database, venue):
    order = " where venue = ? order by receive_ns, key"
    return Seen(rows(database, "select * from gap" + order, venue),
                rows(database, "select * from status" + order, venue),
                rows(database, "select * from quarantine where venue = ? order by receive_ns",
                     venue))


def has(case, venue):
    return not case.only or venue in case.only


def start_venues(case, hurt, folder):
    simulators = {}
    quiet_s = fault_cases.BEGIN_S + case.lasts_s
    times = ["--faults-for", quiet_s, "--move-for", quiet_s + case.repaired_s]
    for venue, instruments in hostile.VENUES.items():
        faults = [text.format(instrument=instruments[0]) for text in case.faults]
        simulators[venue] = hostile.Simulator(
            venue, folder, rate=RATE, extra=times,
            faults=faults if venue in hurt and has(case, venue) else ())
    return simulators


def config_of(simulators, nats, folder):
    venues = "".join(each.config(folder, SETTINGS) for each in simulators.values())
    return (f"{RECONNECT}journal: {{path: {folder}/journal}}\nvenues:\n{venues}sinks:\n"
            f"  - {{kind: nats, url: \"{nats.url}\"}}\n"
            f"  - {{kind: sqlite, path: {folder}/events.db}}\n")


def run_group(case, hurt):
    """Runs the server over all venues, some of them hurt; gives a cell for each of those."""
    folder = tempfile.mkdtemp(prefix="feedtree-faults.")
    hostile.make_certificate(folder)
    nats = hostile.Nats(folder)
    children = [nats.process]
    try:
        simulators = start_venues(case, hurt, folder)
        children[:0] = simulators.values()
        server = hostile.start_server(folder, config_of(simulators, nats, folder))
        children.insert(0, server)
        for simulator in simulators.values():
            simulator.wait_for("markets rest", 120)
        answers = chaos_check.ask_books(nats, simulators)
        code = server.stop()
    finally:
        for child in children:
            child.stop()
    cells = check_group(case, hurt, simulators, answers, server, folder)
    if code != 0 and not case.given_up:
        cells[0].problems.append(f"the server ended with {code}: {server.text()[-300:]}")
    if not any(cell.problems for cell in cells):
        shutil.rmtree(folder)
    else:
        cells[0].problems.append(f"files are in {folder}")
    return cells


def check_group(case, hurt, simulators, answers, server, folder):
    database = sqlite3.connect(f"file:{folder}/events.db?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    cells = []
    for venue, simulator in simulators.items():
        cell = Cell(venue)
        seen = read_seen(database, venue)
        is_hurt = venue in hurt and has(case, venue)
        if is_hurt:
            check_hurt(case, cell, seen, simulator, server)
        else:
            check_neighbour(cell, seen)
        check_books(case, is_hurt, cell, database, simulator, answers)
        if is_hurt or cell.problems:
            cells.append(cell)
    return cells or [Cell("none")]


def check_neighbour(cell, seen):
    for gap in seen.gaps:
        cell.problems.append(f"a neighbour has a gap: {gap['instrument']} {gap['feed']}"
                             f" {gap['cause']} {gap['detail']}")
    for row in seen.quarantine:
        cell.problems.append(f"a neighbour has something in quarantine: {row['reason']}")


def check_hurt(case, cell, seen, simulator, server):
    faults = [line for line in hostile.read_lines(simulator.fault_log) if not line["goes_on"]]
    cell.hits = len(faults)
    if not faults:
        cell.problems.append("the simulator did nothing wrong")
        return
    began_ns = min(int(line["at_ns"]) for line in faults)
    check_ledger(case, cell, seen, simulator.instruments, began_ns)
    check_states(case, cell, seen, simulator.instruments, began_ns)
    if case.quarantined and not seen.quarantine:
        cell.problems.append("nothing is in quarantine")
    lines = [line for line in server.text().splitlines() if simulator.venue in line]
    if case.log and not any(text in line for text in case.log for line in lines):
        cell.problems.append(f"the log does not say {' or '.join(case.log)}")


def check_ledger(case, cell, seen, instruments, began_ns):
    cell.entries = len(seen.gaps)
    if not case.causes:
        cell.problems += [f"an entry that should not be there: {gap['instrument']} {gap['feed']}"
                          f" {gap['cause']} {gap['detail']}" for gap in seen.gaps]
        return
    fitting = [gap for gap in seen.gaps
               if gap["cause"] in case.causes and gap["receive_ns"] >= began_ns
               and (not case.one_instrument or gap["instrument"] == instruments[0])]
    if not fitting:
        cell.problems.append(f"no entry with cause {' or '.join(case.causes)}")
        return
    cell.noticed_s = (fitting[0]["receive_ns"] - began_ns) / 1e9
    if cell.noticed_s > case.noticed_s:
        cell.problems.append(f"noticed after {cell.noticed_s:.1f} s, {case.noticed_s} s promised")
    if case.one_instrument:
        cell.problems += [f"the other instrument has an entry: {gap['feed']} {gap['cause']}"
                          for gap in seen.gaps if gap["instrument"] != instruments[0]]


def check_states(case, cell, seen, instruments, began_ns):
    passed = {row["to_state"] for row in seen.states
              if row["instrument"] == instruments[0] and row["receive_ns"] >= began_ns}
    if case.state and case.state not in passed:
        cell.problems.append(f"{instruments[0]} was never {case.state}, only {sorted(passed)}")
    if case.given_up:
        return
    for instrument in instruments[1 if case.delisted else 0:]:
        if seen.last_state(instrument) != "live":
            cell.problems.append(f"{instrument} is {seen.last_state(instrument)} at the end")
    back = [row["receive_ns"] for row in seen.states
            if row["to_state"] == "live" and row["receive_ns"] >= began_ns]
    if back:
        cell.repaired_s = (back[-1] - began_ns) / 1e9


def check_books(case, is_hurt, cell, database, simulator, answers):
    result, books, _ = chaos_check.check_venue(database, simulator.venue, simulator.truth)
    cell.problems += [f"lost without an entry: {entry}" for entry in result.unexplained]
    cell.problems += [f"stored twice: {name}" for name in result.twice]
    cell.problems += [f"never made: {name}" for name in result.invented]
    if result.delivered == 0:
        cell.problems.append("nothing was delivered")
    if is_hurt and case.given_up:
        return
    if is_hurt and case.delisted:
        books.pop(simulator.instruments[0], None)
    cell.problems += chaos_check.compare_books(answers, simulator.venue, books)


def check_refusals(name, case):
    """Venues that cannot have the fault say so."""
    cells = []
    for venue, instruments in hostile.VENUES.items():
        if has(case, venue):
            continue
        argv = [hostile.FEEDTREE, "simulate", "--venue", venue, "--instruments", instruments[0],
                "--listen", "127.0.0.1:0", "--fault", name]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 2 or name not in done.stderr:
            cells.append(Cell(venue, problems=[f"--fault {name}: exit code {done.returncode}"]))
    return cells


def run_starved():
    line, problems = starved.judge()
    print(f"starved: {line}", flush=True)
    return [Cell(venue) for venue in hostile.VENUES] + [Cell("server", problems=problems)]


def run_fault(name):
    case = fault_cases.CASES[name]
    if case.starves:
        return run_starved()
    with concurrent.futures.ThreadPoolExecutor(len(GROUPS)) as pool:
        groups = list(pool.map(lambda hurt: run_group(case, hurt), GROUPS))
    cells = [cell for group in groups for cell in group] + check_refusals(name, case)
    return sorted(cells, key=lambda cell: list(hostile.VENUES).index(cell.venue)
                  if cell.venue in hostile.VENUES else -1)


def seconds(value):
    return "" if value is None else f"{value:.2f}"


def row_of(name, case, cell):
    neighbours = "untouched" if not cell.problems else "; ".join(cell.problems)[:80]
    return (f"| {name} | {cell.venue} | {cell.hits} | {seconds(cell.noticed_s)} |"
            f" {seconds(cell.repaired_s)} | {case.repair} | {cell.entries} | {neighbours} |")


HEADING = ["| Fault | Venue | Times | Noticed, s | All live again, s | How | Entries | Neighbours |",
           "|---|---|---|---|---|---|---|---|"]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("faults", nargs="*", choices=[[], *fault_cases.CASES])
    options.add_argument("--markdown", help="write the table here, too")
    arguments = options.parse_args()
    lines, problems = list(HEADING), []
    for name in arguments.faults or fault_cases.CASES:
        for cell in run_fault(name):
            if cell.venue in hostile.VENUES:
                lines.append(row_of(name, fault_cases.CASES[name], cell))
                print(lines[-1], flush=True)
            problems += [f"{name} at {cell.venue}: {problem}" for problem in cell.problems]
    if arguments.markdown:
        pathlib.Path(arguments.markdown).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for problem in problems:
        print("fault_matrix: " + problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
