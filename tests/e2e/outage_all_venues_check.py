"""A server at all simulated venues is killed, and is off while the venues go on. Run by ctest.

outage_all_venues_check.py [--off SECONDS] [--folder DIR]. Behind the next start: every trade that a venue still
gives is stored, every feed has its entry in the ledger with the right times, in each sink that has a ledger;
every question as of a moment in between says so; every candle is closed and is that of the stored trades."""
import argparse
import collections
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import candle_truth
import hostile
from databases import Sqlite, Timescale
from served import eventually

RUN_S = 15       # before the server is killed
LATENESS_S = 2   # of candles; the default
INTERVALS = {"5s": 5, "1m": 60}
BOOKS = ("book", "trade")
MOST = BOOKS + ("quote", "candle: 1m")
FEEDS = {"kraken-futures": BOOKS, "coinbase": BOOKS}  # the others have all of MOST
# Whose REST gives the trades of the past under the ids of the stream: nothing may be missing there.
GIVES_TRADES = {"kraken", "kraken-futures", "coinbase", "binance", "binance-usdm", "binance-coinm"}
SLACK_NS = 1_000_000_000


def kinds_of(venue):
    return [feed.split(":")[0] for feed in FEEDS.get(venue, MOST)]


class Problems:
    def __init__(self):
        self.found = []

    def expect(self, good, text):
        if not good:
            self.found.append(text)


class Run:
    """Everything that runs: venues, a client that keeps them awake, NATS, databases, the server."""

    def __init__(self, folder, seed):
        self.folder = pathlib.Path(folder)
        hostile.make_certificate(folder)
        self.nats = hostile.Nats(folder)
        self.children = []
        self.databases = [Sqlite(self.folder / "events.db")]
        timescale = Timescale(folder)
        if timescale.is_there:
            self.databases.append(timescale)
        else:
            print(f"skipped: TimescaleDB ({timescale.missing})")
        self.simulators = {}
        for venue, (instrument, _) in hostile.VENUES.items():
            self.simulators[venue] = hostile.Simulator(venue, folder, seed=seed, rate=40,
                                                       instruments=[instrument])
        self.children += self.simulators.values()
        self.children.append(self.witness())
        self.listener = hostile.Listener(self.nats, "md.v1.gap.>")

    def instrument(self, venue):
        return self.simulators[venue].instruments[0]

    def witness(self):
        """A simulator writes down what it sends: this one takes all trades, also while the server is off."""
        text = f"journal: {{path: {self.folder}/witness.journal}}\nvenues:\n"
        for simulator in self.simulators.values():
            text += simulator.config(self.folder, feeds=["trade"])
        text += "sinks:\n  - kind: none\nhttp: {listen: \"127.0.0.1:0\"}\n"
        (self.folder / "witness.yaml").write_text(text)
        return hostile.Process("witness", [hostile.FEEDTREE, "run", "--config",
                                           self.folder / "witness.yaml"], self.folder,
                               {"FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1"})

    def config(self):
        text = f"journal: {{path: {self.folder}/journal}}\nvenues:\n"
        for venue, simulator in self.simulators.items():
            text += simulator.config(self.folder, feeds=FEEDS.get(venue, MOST))
        text += f"candles: {{intervals: [{', '.join(INTERVALS)}]}}\nhttp: {{listen: \"127.0.0.1:0\"}}\n"
        text += (f"sinks:\n  - {{kind: nats, url: \"{self.nats.url}\"}}\n"
                 f"  - {{kind: jetstream, url: \"{self.nats.url}\", prefix: stored}}\n")
        return text + "".join(each.sink() for each in self.databases)

    def start(self):
        self.server = hostile.start_server(self.folder, self.config())
        self.children.insert(0, self.server)

    def until(self, look, words):
        def found():
            if not self.server.is_running():
                raise RuntimeError("the server ended: " + self.server.text()[-2000:])
            return look()
        eventually(found, words, 90)

    def feeds(self):
        for venue in self.simulators:
            for kind in kinds_of(venue):
                yield venue, self.instrument(venue), kind

    def stop(self):
        self.listener.close()
        for child in self.children:
            child.stop()
        for database in self.databases:
            database.stop()
        self.nats.process.stop()


def now_ns():
    return time.time_ns()


def has_all_feeds(run, database):
    there = set()
    for kind in {kind for _, _, kind in run.feeds()}:
        only = " WHERE source = 'venue'" if kind == "candle" else ""
        for venue, instrument in database.rows(f"SELECT DISTINCT venue, instrument FROM {kind}{only}"):
            there.add((venue, instrument, kind))
    return there >= set(run.feeds())


def outages(database):
    """By feed: begin, end (0: open), recovered and detail of each entry with that cause."""
    whole = collections.defaultdict(dict)
    for venue, instrument, feed, begin, end, recovered, detail in database.rows(
            "SELECT venue, instrument, feed, begin_ns, end_ns, recovered, detail FROM gap"
            " WHERE cause = 'outage' ORDER BY receive_ns"):
        entries = whole[venue, instrument, feed]
        if end or begin not in entries:
            entries[begin] = (int(begin), int(end or 0), recovered == "1", detail)
    return {feed: list(entries.values()) for feed, entries in whole.items()}


def all_ended(run, database):
    found = outages(database)
    return all(any(entry[1] for entry in found.get(feed, ())) for feed in run.feeds())


def drive(run, off_s, problems):
    """Runs, kills, waits, starts and stops. The times of the kill, the start and the stop."""
    sqlite = run.databases[0]
    run.start()
    run.until(lambda: has_all_feeds(run, sqlite), "data of every feed")
    time.sleep(RUN_S)
    killed_ns = now_ns()
    run.server.stop(signal.SIGKILL)
    time.sleep(off_s)
    started_ns = now_ns()
    run.start()
    for database in run.databases:
        try:
            run.until(lambda: all_ended(run, database), f"an ended outage of every feed in {database.name}")
        except AssertionError as error:
            problems.expect(False, str(error))
    # The longest candle that holds the start is over, and what comes late has come.
    end_s = (started_ns // 1_000_000_000 // 60 + 1) * 60 + LATENESS_S + 3
    time.sleep(max(0.0, end_s - time.time()))
    stopped_ns = now_ns()
    code = run.server.stop()
    if code != 0:
        raise RuntimeError(f"the server ended with {code}: {run.server.text()[-1000:]}")
    return killed_ns, started_ns, stopped_ns


def made_trades(run, venue):
    """When each trade was sent to the witness, by its id."""
    made = {}
    for line in hostile.read_lines(run.simulators[venue].truth):
        if line["type"] == "event" and line["kind"] == "trade" and not line["snapshot"]:
            made.setdefault(line["id"], int(line["at_ns"]))
    return made


def missing_trades(run, database, venue, times):
    """When each trade that is not stored was sent, by its id; how many were sent and are stored of the time away."""
    killed_ns, started_ns, stopped_ns = times
    instrument = run.instrument(venue)
    rows = database.rows("SELECT key, receive_ns FROM trade WHERE"
                         f" venue = '{venue}' AND instrument = '{instrument}'")
    stored = {f"{venue}:{instrument}:trade:{key}": int(received) for key, received in rows}
    if len(stored) != len(rows):
        raise RuntimeError(f"{database.name} {venue}: a trade is there twice")
    first_ns = min(stored.values())
    made = {name: at_ns for name, at_ns in made_trades(run, venue).items()
            if first_ns + SLACK_NS < at_ns < stopped_ns - 2 * SLACK_NS}
    away = [name for name, at_ns in made.items() if killed_ns < at_ns < started_ns]
    missing = {name: at_ns for name, at_ns in made.items() if name not in stored}
    return missing, (len(away), sum(name in stored for name in away))


def check_trades(run, database, times, problems):
    """The trades that are missing, and the counts of those of the time away, by venue."""
    lost, counts = {}, {}
    for venue in run.simulators:
        missing, counts[venue] = missing_trades(run, database, venue, times)
        lost[venue] = missing
        name = f"{database.name} {venue}"
        problems.expect(counts[venue][0], f"{name}: no trade while the server was off")
        begin_ns, end_ns, recovered, _ = outages(database).get(
            (venue, run.instrument(venue), "trade"), [(0, 0, False, "")])[0]
        outside = [each for each, at_ns in missing.items()
                   if venue in GIVES_TRADES or not begin_ns - SLACK_NS < at_ns < end_ns + SLACK_NS]
        problems.expect(not outside, f"{name}: {len(outside)} trades are missing, such as {outside[:3]}")
        problems.expect(not (missing and recovered),
                        f"{name}: trades are missing and the entry says recovered")
    return lost, counts


def check_ledger(run, database, times, problems):
    """Each feed has one entry, from its last event before the kill to its first behind the start."""
    killed_ns, started_ns, _ = times
    found = outages(database)
    for venue, instrument, kind in run.feeds():
        name = f"{database.name} {venue} {instrument} {kind}"
        entries = found.get((venue, instrument, kind), [])
        problems.expect(len(entries) == 1, f"{name}: {len(entries)} entries")
        if not entries:
            continue
        begin_ns, end_ns, recovered, detail = entries[0]
        source = " AND source = 'venue'" if kind == "candle" else ""
        where = f"FROM {kind} WHERE venue = '{venue}' AND instrument = '{instrument}'{source}"
        last_ns = int(database.rows(f"SELECT max(receive_ns) {where} AND receive_ns <= {killed_ns}")[0][0])
        first_ns = int(database.rows(f"SELECT min(receive_ns) {where} AND receive_ns >= {started_ns}")[0][0])
        problems.expect(abs(begin_ns - last_ns) < SLACK_NS,
                        f"{name}: begins {(begin_ns - last_ns) / 1e9} s behind the last event before the kill")
        problems.expect(abs(end_ns - first_ns) < SLACK_NS, f"{name}: ends {(end_ns - first_ns) / 1e9} s"
                                                           " behind the first event")
        problems.expect(recovered or (kind == "trade" and venue not in GIVES_TRADES),
                        f"{name}: is not recovered: {detail}")


def check_messages(run, problems):
    """Both NATS sinks tell what the database has."""
    wanted = set(run.feeds())
    stored = list(run.nats.stored("MD", "stored.md.v1.gap.>"))
    for name, messages in (("nats", run.listener.messages), ("jetstream", stored)):
        told = {(each["venue"], each["instrument"], each["feed"]) for each in messages
                if each["cause"] == "outage" and each["end_ns"]}
        problems.expect(told >= wanted, f"{name}: no outage of {sorted(wanted - told)[:5]}")
    ids = [each["id"] for each in stored]
    problems.expect(len(ids) == len(set(ids)), "jetstream: an entry is there twice")


def query(database, kind, instrument, venue, *more):
    done = subprocess.run(
        [hostile.FEEDTREE, "query", kind, "--database", database.target, "--instrument", instrument,
         "--venue", venue, "--format", "jsonl", *map(str, more)],
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"query {kind} {venue} {instrument} {more}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_questions(run, database, times, problems):
    """The book, the quote and the candles as of moments of the outage; the number of questions."""
    killed_ns, started_ns, stopped_ns = times
    asked = 0
    found = outages(database)
    for venue, instrument, kind in run.feeds():
        words = {"book": "book", "quote": "quotes", "candle": "candles"}.get(kind)
        entries = found.get((venue, instrument, kind), [])
        if words is None or not entries:
            continue
        begin_ns, end_ns = entries[0][:2]
        source = ("--source", "venue") if kind == "candle" else ()
        for moment_ns in (begin_ns + 1, (killed_ns + started_ns) // 2, end_ns - 1):
            for option in ("--at", "--as-of"):
                more = (option, moment_ns, *source)
                if kind == "book" and option == "--as-of":
                    more += ("--at", moment_ns)
                last = query(database, words, instrument, venue, *more)[-1]
                asked += 1
                said = last["state"], last.get("since_ns"), last.get("cause")
                problems.expect(said == ("outage", str(begin_ns), "outage"),
                                f"{database.name} {venue} {words} {option} {moment_ns}: {said}")
        for moment_ns in (begin_ns, end_ns + SLACK_NS):
            last = query(database, words, instrument, venue, "--at", moment_ns, *source)[-1]
            asked += 1
            problems.expect(last["state"] == "live" or kind == "candle",
                            f"{database.name} {venue} {words} --at {moment_ns}: {last['state']}")
        # Behind the end of the server nothing is known.
        last = query(database, words, instrument, venue, "--at", stopped_ns + 60 * SLACK_NS, *source)[-1]
        problems.expect(last["state"] not in ("live", "outage"),
                        f"{database.name} {venue} {words}: {last['state']} behind the end")
    return asked


def check_candles(run, database, times, missing, problems):
    """Every candle that was over is that of the stored trades, and closed unless trades are lost; their number."""
    killed_ns, started_ns, stopped_ns = times
    count = 0
    for venue in run.simulators:
        instrument = run.instrument(venue)
        lost = None
        if venue not in GIVES_TRADES:
            entry = outages(database).get((venue, instrument, "trade"), [(killed_ns, started_ns)])[0]
            lost = entry[:2]
        found = candle_truth.compare(database, venue, instrument, INTERVALS.values(),
                                     stopped_ns - (LATENESS_S + 2) * SLACK_NS, LATENESS_S * SLACK_NS, lost,
                                     missing[venue].values())
        count += found.compared
        for problem in found.problems:
            problems.expect(False, f"{database.name} {venue} {problem}")
        problems.expect(found.compared > 3, f"{venue}: only {found.compared} candles")
    return count


def same_rows(run, problems):
    """Both databases have the same trades, candles and entries."""
    if len(run.databases) < 2:
        return
    for table, columns in (("trade", "key, price, quantity"), ("gap", "key, cause, begin_ns, end_ns"),
                           ("candle", "key, open, close, trades, revision")):
        one, two = (sorted(each.rows(f"SELECT venue, instrument, {columns} FROM {table}"),
                           key=repr) for each in run.databases)
        problems.expect(one == two, f"{table}: {len(one)} rows in SQLite, {len(two)} in TimescaleDB")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--off", type=float, default=20, help="seconds without the server")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--folder")
    arguments = options.parse_args()
    folder = arguments.folder or tempfile.mkdtemp(prefix="feedtree-outage.")
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    problems = Problems()
    run = Run(folder, arguments.seed)
    try:
        times = drive(run, arguments.off, problems)
        same_rows(run, problems)
        check_messages(run, problems)
        for database in run.databases:
            missing, trades = check_trades(run, database, times, problems)
            check_ledger(run, database, times, problems)
            asked = check_questions(run, database, times, problems)
            candles = check_candles(run, database, times, missing, problems)
            print(f"{database.name}: {asked} questions, {candles} candles; trades while the server was"
                  " off, and stored: " + ", ".join(
                      f"{venue} {made}/{there}" for venue, (made, there) in trades.items()))
    finally:
        run.stop()
    for problem in problems.found[:60]:
        print("outage: " + problem, file=sys.stderr)
    if problems.found:
        print(f"outage: {len(problems.found)} problems; see {folder}", file=sys.stderr)
        return 1
    if not arguments.folder:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
