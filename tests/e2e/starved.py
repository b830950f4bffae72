"""A server that gets a tenth of a processor reads less, and what it passes on is right.

Simulated venues send as much as is taken (no rate), so the server is behind all the time. It is stopped for
nine of ten slices of time by signals, which needs no rights and no control groups. All that it does not
get is its own want of time: no check fails, no gap is entered, nothing is lost, memory stays bounded."""
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
import urllib.request

import chaos_check
import hostile

SLICE_S = 0.05        # of time, of which a starved server gets a part
SHARE = 0.1
MOVES_S = 8           # of the markets
DRAIN_S = 240         # for what was under way when the markets came to rest
MEMORY_KIB_MAX = 600 * 1024
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Throttle:
    """Lets a process run for a part of each slice, by SIGSTOP and SIGCONT."""

    def __init__(self, pid, share):
        self.pid, self.share, self.over = pid, share, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            os.kill(self.pid, signal.SIGSTOP)
            self.over.wait(SLICE_S * (1 - self.share))
            os.kill(self.pid, signal.SIGCONT)
            self.over.wait(SLICE_S * self.share)

    def end(self):
        self.over.set()
        self.thread.join()
        os.kill(self.pid, signal.SIGCONT)


def processor_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


class Run:
    """One run of the server over all venues; starved from the moment on in which all books are live."""

    def __init__(self, share):
        self.folder = tempfile.mkdtemp(prefix="feedtree-starved.")
        hostile.make_certificate(self.folder)
        nats = hostile.Nats(self.folder)
        children = [nats.process]
        try:
            simulators = {venue: hostile.Simulator(venue, self.folder, rate=0,
                                                   extra=("--move-for", MOVES_S, "--no-compression"))
                          for venue in hostile.VENUES}
            children[:0] = simulators.values()
            server = hostile.start_server(self.folder, self.config(simulators, nats))
            children.insert(0, server)
            server.wait_for("HTTP at http")
            throttle = Throttle(server.pid, share) if share < 1 else None
            self.peak_kib = 0
            for simulator in simulators.values():
                self.wait_for_rest(simulator, server)
            self.spent_s = processor_s(server.pid)
            self.answers = self.ask(nats, simulators)
            self.failed = self.failed_checks(server)
            if throttle is not None:
                throttle.end()
            self.peak_kib = max(self.peak_kib, server.memory_kib())
            self.code = server.stop(timeout_s=DRAIN_S)
            self.log = server.text()
        finally:
            for child in children:
                child.stop()
        self.read(simulators)

    def config(self, simulators, nats):
        venues = "".join(each.config(self.folder) for each in simulators.values())
        return (f"journal: {{path: {self.folder}/journal}}\nhttp: {{listen: 127.0.0.1:0}}\nvenues:\n{venues}sinks:\n"
                f"  - {{kind: nats, url: \"{nats.url}\"}}\n  - {{kind: sqlite, path: {self.folder}/events.db}}\n")

    def wait_for_rest(self, simulator, server):
        end = time.monotonic() + MOVES_S + 120
        while "markets rest" not in simulator.text():
            self.peak_kib = max(self.peak_kib, server.memory_kib())
            if time.monotonic() > end:
                raise RuntimeError(f"{simulator.venue} does not come to rest")
            time.sleep(0.1)

    @staticmethod
    def failed_checks(server):
        """By venue, as the operator sees them."""
        address = server.text().split("HTTP at ")[1].split()[0]
        with urllib.request.urlopen(f"{address}/api/v1/overview", timeout=60) as answer:
            return {venue["venue"]: venue["checks_failed"] for venue in json.load(answer)["venues"]}

    def ask(self, nats, simulators):
        """The books, as soon as all that was under way has reached them: the same in two looks."""
        before, end = None, time.monotonic() + DRAIN_S
        while True:
            now = chaos_check.ask_books(nats, simulators)
            sequences = {place: answer.get("seq") for place, answer in now.items()}
            if sequences == before and None not in sequences.values():
                return now
            if time.monotonic() > end:
                return now
            before = sequences
            time.sleep(2)

    def read(self, simulators):
        database = sqlite3.connect(f"file:{self.folder}/events.db?mode=ro", uri=True)
        self.gaps = database.execute(
            "select venue, instrument, feed, cause, detail from gap where cause <> 'outage'").fetchall()
        self.quarantine = database.execute("select venue, reason from quarantine").fetchall()
        self.problems, self.delivered = [], 0
        for venue, simulator in simulators.items():
            result, books, _ = chaos_check.check_venue(database, venue, simulator.truth)
            self.delivered += result.delivered
            self.problems += [f"lost: {entry}" for entry in result.unexplained]
            self.problems += [f"twice: {name}" for name in result.twice]
            self.problems += [f"invented: {name}" for name in result.invented]
            self.problems += chaos_check.compare_books(self.answers, venue, books)
        database.close()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def problems_of(run):
    """What is wrong with a run of which nothing may be wrong."""
    if run.code != 0:
        yield f"the server ended with {run.code}: {run.log[-300:]}"
    yield from (f"an entry that should not be there: {gap}" for gap in run.gaps)
    yield from (f"quarantine: {row}" for row in run.quarantine)
    yield from (f"{count} failed checks at {venue}" for venue, count in run.failed.items() if count)
    yield from run.problems
    if run.delivered == 0:
        yield "nothing was delivered"
    if run.peak_kib > MEMORY_KIB_MAX:
        yield f"{run.peak_kib // 1024} MiB of memory"


def judge():
    """One line for the table, and the problems: of a whole server, of a starved one, and of both together."""
    whole, starved = Run(1), Run(SHARE)
    problems = []
    for name, run in (("whole", whole), ("starved", starved)):
        found = list(problems_of(run))
        problems += [f"{name}: {problem}" for problem in found[:10]]
        if found:
            problems.append(f"{name}: files are in {run.folder}")
        else:
            run.remove()
    per_second = [run.delivered / max(run.spent_s, 0.01) for run in (whole, starved)]
    # Work is not lost to being stopped: at least half as many events for the same processor time.
    if per_second[1] < 0.5 * per_second[0]:
        problems.append(f"{per_second[1]:.0f} events a second of processor time, {per_second[0]:.0f} unstarved")
    return (f"{starved.delivered} events in {starved.spent_s:.1f} s of processor time, "
            f"{whole.delivered} in {whole.spent_s:.1f} s unstarved, at most {starved.peak_kib // 1024} MiB"), problems
