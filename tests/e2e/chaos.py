"""Runs a whole feedtree against hostile venues and a NATS server that dies, kills it three times itself, then
counts what is missing.

chaos.py --seed N --minutes M [--folder DIR] [--markdown FILE]. Exit code 0 if every event is in the
sinks once or its loss is in the ledger, no number of a trade is missing without an entry, each time without
the server is in the ledger of every feed, and the last books are the venues' own; else 1."""
import argparse
import collections
import dataclasses
import http.client
import json
import pathlib
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time

import chaos_check
import hostile

SETTLE_S = 40  # faults are over: books are repaired, behind the longest backoff (30 s) too
REST_S = 4     # markets rest: what is under way arrives
KILLS = 3      # of the server, at random times

TOKEN = "operator-token-of-a-chaos-run"

# (fault, the times that a seed chooses from). Book faults name their kind: trades have a continuity of
# their own at some venues only.
FRAME = {
    "drop": "every={n},kind=book",
    "duplicate": "every={n}",
    "reorder": "every={n},kind=book",
    "delay": "every={n},by={ms}ms",
    "malformed": "every={n}",
    "truncated": "every={n}",
    "wrong_type": "every={n}",
    "unknown_field": "every={n}",
    "corrupt_checksum": "every={n},kind=book",
    "oversized": "poisson=40s,bytes=20000000",
    "stale_snapshot": "every=3",
}
LINK = {
    "mute": "poisson={s}s,for=20s",
    "half_open": "poisson={s}s,for=20s",
    "disconnect": "poisson={s}s",
    "refuse": "poisson={s}s,for=2s",
    "slow_handshake": "every=3,by={ms}ms",
    "rate_limit": "poisson={s}s,for=1s,status={limit},retry=1s",
    "rest_error": "every=4",
    "clock_skew": "poisson={s}s,for=3s,by=5s",
    "crossed": "poisson={s}s",
    "maintenance": "poisson={s}s,for=2s",
}


def mix_of(venue, seed):
    """The faults of one venue: the same for the same seed."""
    chance = random.Random(f"{seed}/{venue}")
    names = [name for name in FRAME if name != "corrupt_checksum" or venue == "kraken"]
    chosen = chance.sample(names, 6) + chance.sample(sorted(LINK), 5)
    faults = []
    for name in sorted(chosen):
        times = {**FRAME, **LINK}[name].format(
            n=chance.randint(150, 900), ms=chance.randint(50, 1500), s=chance.randint(12, 45),
            limit=chance.choice([429, 418]))
        faults.append(f"{name}:{times}")
    return faults


def config_of(simulators, nats, folder, http_port):
    text = (f"journal: {{path: {folder}/journal}}\n"
            "reconnect: {initial: 100ms, max: 2s}\nbreaker: {open_for: 2s}\nvenues:\n")
    for simulator in simulators.values():
        text += simulator.config(folder, "    idle_timeout: 3s\n    connect_timeout: 3s\n")
    return (text + f"sinks:\n  - {{kind: nats, url: \"{nats.url}\"}}\n"
            + f"  - {{kind: sqlite, path: {folder}/events.db}}\nhttp: {{listen: 127.0.0.1:{http_port}}}\n")


@dataclasses.dataclass
class Run:
    """What a run was like, beside what was stored."""
    memory_kib: list = dataclasses.field(default_factory=list)
    problems: list = dataclasses.field(default_factory=list)
    nats_restarts: int = 0
    outages: list = dataclasses.field(default_factory=list)  # of the server: (killed, started), ns
    actor_restarts: collections.Counter = dataclasses.field(default_factory=collections.Counter)


class NatsKiller:
    """Kills the NATS server at random moments and brings it back."""

    def __init__(self, nats, chance):
        self.nats, self.chance = nats, chance
        self.is_down = False
        self.due_s = chance.uniform(8, 20)

    def step(self, now_s):
        if now_s < self.due_s:
            return
        if self.is_down:
            self.nats.restart()
        else:
            self.nats.kill()
        self.is_down = not self.is_down
        self.due_s = now_s + (self.chance.uniform(0.3, 2) if self.is_down
                              else self.chance.uniform(10, 30))

    def finish(self):
        if self.is_down:
            self.nats.restart()
            self.is_down = False


class ServerKiller:
    """Kills the server at random moments, and starts it again a few seconds later."""

    def __init__(self, start, outages, chance, until_s):
        self.start, self.outages = start, outages
        self.server = start()
        # One in each third of the time, so that there is data between two of them.
        part_s = until_s / KILLS
        self.plan = [(part_s * (at + chance.uniform(0.3, 0.8)), chance.uniform(0.5, 4))
                     for at in range(KILLS)]
        self.killed_ns = 0

    @property
    def is_down(self):
        return self.killed_ns != 0

    def step(self, now_s):
        if not self.plan:
            return
        kill_s, off_s = self.plan[0]
        if not self.is_down and now_s >= kill_s:
            self.server.stop(signal.SIGKILL)
            self.killed_ns = time.time_ns()
        elif self.is_down and now_s >= kill_s + off_s:
            self.bring_back()

    def bring_back(self):
        if not self.is_down:
            return
        self.plan.pop(0)
        self.outages.append((self.killed_ns, time.time_ns()))
        self.killed_ns = 0
        self.server = self.start()


class ActorRestarter:
    """Asks over HTTP for restarts of random actors of the venues, as an operator would."""

    def __init__(self, port, counts, chance):
        self.port, self.counts, self.chance = port, counts, chance
        self.due_s = chance.uniform(5, 15)

    def step(self, now_s, server):
        if now_s < self.due_s or "HTTP at http" not in server.text_of_this_start():
            return
        self.due_s = now_s + self.chance.uniform(5, 15)
        paths = [each["path"] for each in self._ask("GET", "/api/v1/actors")["actors"]]
        path = self.chance.choice([each for each in paths if each.startswith("root/venues/")])
        self._ask("POST", f"/api/v1/actors/{path}/restart")
        self.counts[path.split("/")[3].split("-")[0] if path.count("/") > 2 else "venue"] += 1

    def _ask(self, method, target):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        link.request(method, target, headers={"Authorization": f"Bearer {TOKEN}"})
        answer = link.getresponse()
        body = answer.read()
        link.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {target}: {answer.status} {body[:300]}")
        return json.loads(body)


def watch(run, killer, nats, http_port, seconds, quiet_from_s, seed):
    """Lets time go by: samples memory; kills NATS and the server, and restarts actors, while faults happen."""
    nats_killer = NatsKiller(nats, random.Random(f"{seed}/nats"))
    restarter = ActorRestarter(http_port, run.actor_restarts, random.Random(f"{seed}/actors"))
    began = time.monotonic()
    while (now_s := time.monotonic() - began) < seconds:
        if not killer.is_down and not killer.server.is_running():
            run.problems.append("the server ended: " + killer.server.text()[-500:])
            break
        if now_s < quiet_from_s:
            nats_killer.step(now_s)
            killer.step(now_s)
        else:
            nats_killer.finish()
            killer.bring_back()
        if now_s < quiet_from_s and not killer.is_down:
            restarter.step(now_s, killer.server)
        run.memory_kib.append((int(now_s), killer.server.memory_kib()))
        time.sleep(0.5)
    nats_killer.finish()
    run.nats_restarts = nats.restarts


def table_of_faults(simulators, ledgers):
    counts = collections.defaultdict(lambda: [0, 0])
    for venue, simulator in simulators.items():
        for fault in hostile.read_lines(simulator.fault_log):
            if fault["goes_on"]:
                continue
            row = counts[fault["fault"]]
            row[0] += 1
            row[1] += chaos_check.is_noticed(fault, ledgers[venue])
    yield "| Fault | Injected | In the ledger |"
    yield "|---|---|---|"
    for name, (injected, noticed) in sorted(counts.items()):
        yield f"| {name} | {injected} | {'no mark wanted' if name in chaos_check.HARMLESS else noticed} |"


def table_of_venues(results):
    yield "| Venue | Events made | Delivered | Lost, in the ledger | No sign given | Lost without an entry |"
    yield "|---|---|---|---|---|---|"
    total = chaos_check.Result()
    for venue, result in results.items():
        yield row_of(venue, result)
        total.add(result)
    yield row_of("all", total)


def row_of(name, result):
    return (f"| {name} | {result.made} | {result.delivered} | {result.in_ledger + result.before_first} |"
            f" {result.invisible} | {len(result.unexplained)} |")


def table_of_memory(run, server_log):
    sizes = run.memory_kib or [(0, 0)]
    picks = [sizes[len(sizes) * part // 5] for part in range(5)] + [sizes[-1]]
    lost = server_log.count("ended the connection") + server_log.count("is silent")
    yield "Memory: " + ", ".join(f"{second} s {kib // 1024} MiB" for second, kib in picks)
    asked = ", ".join(f"{count} of a {kind}" for kind, count in sorted(run.actor_restarts.items()))
    yield ""
    away = ", ".join(f"{(started - killed) / 1e9:.1f} s" for killed, started in run.outages)
    yield (f"The server was killed {len(run.outages)} times, and was away for {away or 'no time'}."
           f" NATS was killed and restarted {run.nats_restarts} times; {lost} connections were lost;"
           f" restarts of actors that were asked for over HTTP: {asked or 'none'}.")


def table_of_ledger(ledgers):
    """What was written down: how often, whether it ended, what came of it, how long it took."""
    rows = collections.defaultdict(list)
    for ledger in ledgers.values():
        for gap in ledger.whole:
            rows[gap.cause, gap.feed].append(gap)
    yield "| Cause | Of | Entries | Ended | Nothing missing or filled | Median | Longest |"
    yield "|---|---|---|---|---|---|---|"
    for (cause, feed), gaps in sorted(rows.items()):
        ended = sorted((gap.end_ns - gap.begin_ns) / 1e9 for gap in gaps if gap.end_ns < float("inf"))
        recovered = sum(gap.recovered for gap in gaps)
        times = f"{ended[len(ended) // 2]:.2f} s | {ended[-1]:.1f} s" if ended else "- | -"
        yield f"| {cause} | {feed} | {len(gaps)} | {len(ended)} | {recovered} | {times} |"


def report(run, simulators, answers, folder, server_log):
    """The tables as lines, and all problems."""
    if not pathlib.Path(folder, "events.db").exists():
        return ["Nothing was stored."]
    database = sqlite3.connect(f"file:{folder}/events.db?mode=ro", uri=True)
    results, ledgers = {}, {}
    for venue, simulator in simulators.items():
        results[venue], books, ledgers[venue] = chaos_check.check_venue(
            database, venue, simulator.truth)
        run.problems += chaos_check.compare_books(answers, venue, books)
        run.problems += [f"lost without an entry: {entry}"
                         for entry in results[venue].unexplained]
        run.problems += [f"stored twice: {name}" for name in results[venue].twice]
        run.problems += [f"no number in between, and no entry: {hole}"
                         for hole in chaos_check.unexplained_holes(database, venue, ledgers[venue])]
        run.problems += [f"no outage in the ledger: {feed}" for feed in chaos_check.untold_outages(
            database, venue, ledgers[venue], run.outages)]
        run.problems += [f"never made: {name}" for name in results[venue].invented]
        if results[venue].delivered == 0:
            run.problems.append(f"{venue}: nothing was delivered")
    return [*table_of_faults(simulators, ledgers), "", *table_of_ledger(ledgers), "",
            *table_of_venues(results), "",
            *table_of_memory(run, server_log)]


def chaos(seed, seconds, folder, rate):
    run = Run()
    hostile.make_certificate(folder)
    nats = hostile.Nats(folder)
    children = []
    try:
        simulators = {}
        for venue in hostile.VENUES:
            simulators[venue] = hostile.Simulator(
                venue, folder, faults=mix_of(venue, seed), seed=seed, rate=rate,
                extra=["--faults-for", max(1, seconds - SETTLE_S - REST_S),
                       "--move-for", max(2, seconds - REST_S)])
            children.append(simulators[venue])
        http_port = hostile.free_port()
        config = config_of(simulators, nats, folder, http_port)
        quiet_from_s = seconds - SETTLE_S - REST_S

        def start():
            children.insert(0, hostile.start_server(
                folder, config, environment={"FEEDTREE_OPERATOR_TOKEN": TOKEN}))
            return children[0]

        killer = ServerKiller(start, run.outages, random.Random(f"{seed}/server"), quiet_from_s)
        watch(run, killer, nats, http_port, seconds, quiet_from_s, seed)
        server = killer.server
        if not server.is_running():
            return run, simulators, {}, server.text()
        for simulator in simulators.values():
            simulator.wait_for("markets rest", 30)
        answers = chaos_check.ask_books(nats, simulators)
        code = server.stop()
        if code != 0:
            run.problems.append(f"the server ended with {code}: {server.text()[-300:]}")
    finally:
        for child in children:
            child.stop()
        nats.process.stop()
    return run, simulators, answers, server.text()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--minutes", type=float, default=1)
    options.add_argument("--rate", type=int, default=60, help="frames a second and venue")
    options.add_argument("--folder")
    options.add_argument("--markdown", help="write the tables here, too")
    arguments = options.parse_args()
    folder = arguments.folder or tempfile.mkdtemp(prefix="feedtree-chaos.")
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    seconds = max(10, round(arguments.minutes * 60)) + SETTLE_S + REST_S
    run, simulators, answers, log = chaos(arguments.seed, seconds, folder, arguments.rate)
    lines = report(run, simulators, answers, folder, log)
    text = f"Seed {arguments.seed}, {seconds} s.\n\n" + "\n".join(lines) + "\n"
    print(text)
    if arguments.markdown:
        pathlib.Path(arguments.markdown).write_text(text, encoding="utf-8")
    for problem in run.problems[:40]:
        print("chaos: " + problem, file=sys.stderr)
    if run.problems:
        print(f"chaos: {len(run.problems)} problems; again with SEED={arguments.seed}; see {folder}",
              file=sys.stderr)
        return 1
    if not arguments.folder:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
