"""Captures replayed into sinks: events a second, CPU time an event, peak memory.

NATS is measured with a subscriber in a process of its own that counts what it gets; the time runs
until the server has acknowledged everything, and the subscriber must have every event."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

build, captures = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
feedtree, listener = build / "feedtree", build / "tests" / "nats_listener"
CASES = [("kraken-futures", "kraken_futures/ws1_cryptofeed_20210722.jsonl.zst", 150),
         ("bybit", "bybit/v5_cryptofeed_20260809.jsonl.zst", 150),
         ("binance-coinm", "binance/coinm_cryptofeed_20210722.jsonl.zst", 100)]
RUNS = 3


def replay(capture, loops, sink):
    """Runs a replay; gives its report, CPU seconds and peak memory in MiB."""
    process = subprocess.Popen([feedtree, "replay", "--loop", str(loops), "--report", "-", "--sink",
                                sink, capture], stdout=subprocess.PIPE, text=True)
    report = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"replay of {capture} into {sink} failed")
    return json.loads(report), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def wait_for_line(stream, text):
    """The line that holds the text; ends the program if there is none."""
    seen = []
    for line in stream:
        seen.append(line)
        if text in line:
            return seen
    sys.exit(f"'{text}' did not appear in: {''.join(seen)}")


def start_nats():
    server = subprocess.Popen(["nats-server", "-a", "127.0.0.1", "-p", "-1"],
                              stderr=subprocess.PIPE, text=True)
    lines = wait_for_line(server.stderr, "Server is ready")
    listening = "Listening for client connections on "
    address = next(line.split(listening)[1].strip() for line in lines if listening in line)
    return server, "nats://" + address


def with_subscriber(url, capture, loops):
    subscriber = subprocess.Popen([listener, url, "--count", "replay.md.v1.>"], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
    wait_for_line(subscriber.stderr, "listening")
    began = time.monotonic()
    report, cpu, memory = replay(capture, loops, "nats:" + url)
    subscriber.send_signal(signal.SIGTERM)
    counted = int(subscriber.communicate()[0])
    return report, cpu, memory, counted, time.monotonic() - began


def show(venue, sink, results):
    results.sort(key=lambda result: result["rate"])
    middle = results[len(results) // 2]
    print(f"{venue:15} {sink:22} {middle['events']:>9} events {middle['rate']:>10.0f}/s  "
          f"{middle['cpu_us']:5.2f} us CPU an event  {middle['memory']:6.1f} MiB  "
          f"(least {results[0]['rate']:.0f}/s, most {results[-1]['rate']:.0f}/s)")


def figures(report, cpu, memory):
    events = sum(report["events"].values())
    return {"events": events, "rate": events / float(report["seconds"]),
            "cpu_us": cpu * 1e6 / events, "memory": memory}


def main():
    if not (captures / CASES[0][1]).exists():
        print("skipped: no captures")
        return 0
    with tempfile.TemporaryDirectory(prefix="feedtree-bench.") as folder:
        server, url = start_nats()
        try:
            for venue, name, loops in CASES:
                capture = captures / name
                show(venue, "none", [figures(*replay(capture, loops, "none")) for _ in range(RUNS)])
                results = []
                for _ in range(RUNS):
                    report, cpu, memory, counted, _ = with_subscriber(url, capture, loops)
                    events = sum(report["events"].values())
                    if counted != events:
                        sys.exit(f"the subscriber has {counted} of {events} events")
                    results.append(figures(report, cpu, memory))
                show(venue, "nats, one subscriber", results)
                results = []
                for run in range(RUNS):
                    path = os.path.join(folder, f"{venue}-{run}.db")
                    results.append(figures(*replay(capture, 20, "sqlite:" + path)))
                show(venue, "sqlite", results)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
    return 0


sys.exit(main())
