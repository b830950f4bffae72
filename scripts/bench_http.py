"""The time of an event from its receipt to a subscriber, with and without a load of HTTP requests.

Simulated venues send events over TLS; the server publishes them to NATS, and a subscriber in a process of
its own takes the time of each. Turns without and with the load follow each other, so that a machine that
is slower for a while is so for both. Every answer must be a good one."""
import argparse
import collections
import http.client
import json
import multiprocessing
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("build", type=pathlib.Path)
parser.add_argument("--requests", type=int, default=1000, help="a second")
parser.add_argument("--events", type=int, default=50_000, help="a second, at least")
parser.add_argument("--turns", type=int, default=4)
parser.add_argument("--seconds", type=int, default=10, help="of a turn")
arguments = parser.parse_args()
os.environ["FEEDTREE_BINARY"] = str(arguments.build.resolve() / "feedtree")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))
from hostile import FEEDTREE, Nats, Process, Simulator  # noqa: E402

VENUES = ("binance", "kraken-futures", "bybit", "okx")
CLIENTS = 2
# What a page, a monitoring system and a script ask for.
PATHS = ("/healthz", "/readyz", "/api/v1/overview", "/api/v1/venues", "/api/v1/instruments",
         "/api/v1/sinks", "/api/v1/actors", "/api/v1/gaps?limit=20", "/api/v1/alerts?limit=20",
         "/api/v1/books/binance/BTC-USDT?depth=20")
# One in a hundred; a hundred systems would scrape it each ten seconds.
RARE = "/metrics"


class Client:
    """One connection; as little work as can be, since it takes from the same processors."""

    def __init__(self, port):
        self.link = socket.create_connection(("127.0.0.1", port), 30)

    def get(self, path):
        """The status."""
        self.link.sendall(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        got = self.link.recv(65536)
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self.link.recv(65536)
        at = got.find(b"Content-Length: ") + 16
        left = int(got[at:got.find(b"\r", at)]) + end + 4 - len(got)
        while left > 0:
            left -= len(self.link.recv(65536))
        return int(got[9:12])


def keep_asking(port, rate, offset, running, results):
    """Sends requests at their times while `running` is set; at its end puts the counts and the times."""
    os.nice(5)  # they stand for other machines: what is measured is the server's own work
    client = Client(port)
    at = offset
    while True:
        running.wait()
        times, statuses, begin, count = [], collections.Counter(), time.monotonic(), 0
        while running.is_set():
            due = begin + count / rate
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(wait)  # until the next request is due
            path = RARE if at % 100 == 0 else PATHS[at % len(PATHS)]
            at += 1
            count += 1
            statuses[path, client.get(path)] += 1
            times.append(time.monotonic() - due)
        results.put((time.monotonic() - begin, statuses, times))


class Bench:
    def __init__(self, folder):
        self.folder = folder
        subprocess.run([FEEDTREE, "make-certificate", folder / "tls"], check=True,
                       stdout=subprocess.DEVNULL)
        nats_server = Nats(folder)
        self.started = [nats_server.process]
        nats = nats_server.url
        text = "venues:\n"
        for venue in VENUES:
            simulator = Simulator(venue, folder, rate=arguments.events // len(VENUES), truth=False, extra=("--no-compression",))
            self.started.append(simulator)
            text += simulator.config(folder)
        text += (f"sinks:\n  - {{kind: nats, url: '{nats}'}}\n  - {{kind: sqlite, path: {folder}/events.db}}\n"
                 f"journal: {{path: {folder}/journal}}\nhttp: {{listen: 127.0.0.1:0}}\n"
                 "metrics: {file: {interval: 0s}}\n")
        (folder / "config.yaml").write_text(text)
        self.server = Process("server", [FEEDTREE, "run", "--config", folder / "config.yaml"], folder,
                              {"FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1"})
        self.started.insert(0, self.server)
        self.server.wait_for("HTTP at http")
        self.port = int(self.server.text().split("HTTP at ")[1].split()[0].rsplit(":", 1)[1])
        while self.ask("/readyz")[0] != 200:
            time.sleep(0.1)
        self.listener = subprocess.Popen(
            [arguments.build / "tests/nats_listener", nats, "--latency", "md.v1.>"],
            stdout=subprocess.PIPE, text=True)
        self.seconds = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.listener.stdout:
            self.seconds.append([int(word) for word in line.split()])

    def ask(self, path):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        link.request("GET", path)
        answer = link.getresponse()
        body = answer.read()
        link.close()
        return answer.status, body

    def turn(self):
        """Whole seconds of the subscriber: events a second, median and 99th of a hundred."""
        first = len(self.seconds) + 1  # the one under way belongs to the turn before
        while len(self.seconds) < first + arguments.seconds:
            time.sleep(0.05)
        taken = self.seconds[first:first + arguments.seconds]
        return [statistics.median(each[at] for each in taken) for at in range(3)]

    def stop(self):
        self.listener.kill()
        self.listener.wait()
        for process in self.started:
            process.stop()


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="feedtree-http-bench-"))
    running, results = multiprocessing.Event(), multiprocessing.Queue()
    bench = Bench(folder)
    clients = [multiprocessing.Process(target=keep_asking, daemon=True, args=(
        bench.port, arguments.requests / CLIENTS, at, running, results)) for at in range(CLIENTS)]
    for client in clients:
        client.start()
    quiet, loaded, times, statuses, lasted = [], [], [], collections.Counter(), 0.0
    try:
        bench.turn()  # connections and books come to be
        for _ in range(arguments.turns):
            quiet.append(bench.turn())
            running.set()
            loaded.append(bench.turn())
            running.clear()
            for _ in clients:
                length, got, each = results.get()
                lasted += length / CLIENTS
                statuses += got
                times += each
        overview = json.loads(bench.ask("/api/v1/overview")[1])
    finally:
        for client in clients:
            client.kill()
        bench.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{'':22}{'events/s':>10}{'p50 us':>9}{'p99 us':>9}")
    rows = {"without requests": quiet, f"{len(times) / lasted:.0f} requests/s": loaded}
    for name, turns in rows.items():
        print(f"{name:22}" + "{:>10.0f}{:>9.0f}{:>9.0f}".format(
            *(statistics.median(each[at] for each in turns) for at in range(3))))
    changes = [after[2] / before[2] - 1 for before, after in zip(quiet, loaded)]
    times.sort()
    print("change of p99, turn by turn: " + ", ".join(f"{each:+.0%}" for each in changes)
          + f"; median {statistics.median(changes):+.0%}")
    not_ready = statuses.pop(("/readyz", 503), 0)  # true, where a sink cannot keep up
    bad = {path: status for path, status in statuses if status != 200}
    print(f"answers: {len(times)}, of them not 200: {sum(statuses[each] for each in bad.items())}, not ready: "
          f"{not_ready}; p50 {times[len(times) // 2] * 1e3:.1f} ms, "
          f"p99 {times[len(times) * 99 // 100] * 1e3:.1f} ms, longest {times[-1] * 1e3:.0f} ms")
    failed = sum(venue["checks_failed"] for venue in overview["venues"])
    print(f"failed checks of books: {failed}")
    if bad or failed:
        sys.exit(f"not every answer or book was good: {bad}")


main()
