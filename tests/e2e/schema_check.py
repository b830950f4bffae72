"""Every kind of message at every venue, as a server publishes it on NATS, fits the JSON Schemas and the channels of
the AsyncAPI document. The venues are simulated, with faults; a rule makes alerts. Run by ctest."""
import collections
import pathlib
import queue
import socket
import sys
import tempfile
import threading
import time

import hostile

sys.path.insert(0, str(hostile.ROOT / "tests/contract"))
import validate_schema  # noqa: E402

SCHEMAS = hostile.ROOT / "docs/schema"
CONTRACT_KINDS = ("book, trade, ticker, funding, open_interest, liquidation", "quote, candle: 1m")
FEEDS = {
    "kraken": "book, trade, quote, ticker, candle: 1m",
    "kraken-futures": CONTRACT_KINDS[0],
    "coinbase": "book, trade, ticker, candle: 5m",
    "binance": "book, trade, quote, ticker, candle: 1m",
    "binance-usdm": ", ".join(CONTRACT_KINDS),
    "binance-coinm": ", ".join(CONTRACT_KINDS),
    "bybit": ", ".join(CONTRACT_KINDS),
    "okx": ", ".join(CONTRACT_KINDS),
}
INSTRUMENTS = {**hostile.VENUES, "bybit": ("BTC-USDT-PERP", "ETH-USDT-PERP"),
               "okx": ("BTC-USDT-PERP", "ETH-USDT-PERP")}
FAULTS = ("drop:every=50,kind=book", "malformed:every=70", "disconnect:after=4s,times=1,poisson=3s")
SAMPLES = 100
RULES = """rules:
  - name: dear
    check: range
    kinds: [trade]
    field: price
    max: 0.000001
    outcome: [flag]
    alert: warning
    alert_every: 1s
"""


def wanted():
    """Venues and kinds that must be seen; an alert says its venue in the body."""
    for venue, feeds in FEEDS.items():
        for feed in feeds.split(", "):
            yield venue, feed.split(":")[0]
        for kind in ("status", "gap", "quarantine", "alert"):
            yield venue, kind


class Subscriber:
    """All messages, as (subject, body)."""

    def __init__(self, port):
        self.link = socket.create_connection(("127.0.0.1", port), 10)
        self.link.sendall(b'CONNECT {"verbose":false,"headers":false}\r\nSUB md.v1.> 1\r\nPING\r\n')
        self.stream = self.link.makefile("rb")
        while not self.stream.readline().startswith(b"PONG"):
            pass

    def next(self):
        while True:
            line = self.stream.readline()
            if not line:
                raise RuntimeError("NATS ended the connection")
            if line.startswith(b"PING"):
                self.link.sendall(b"PONG\r\n")
            if line.startswith(b"MSG "):
                words = line.split()
                body = self.stream.read(int(words[-1]) + 2)[:-2]
                return words[1].decode(), body.decode()


def config_of(simulators, nats, folder):
    text = "venues:\n"
    for each in simulators:
        text += each.config(folder).replace("feeds: [book, trade]", f"feeds: [{FEEDS[each.venue]}]")
    return (text + f"sinks:\n  - {{kind: nats, url: \"{nats.url}\"}}\n  - kind: none\n"
            "candles: {intervals: [1m]}\n"
            f"validation: {{rules: {folder}/rules.yaml}}\n"
            f"journal: {{path: {folder}/journal}}\nhttp: {{listen: 127.0.0.1:0}}\n")


def read_all(subscriber, into):
    """Reads without a pause, so that NATS does not cut us off."""
    try:
        while True:
            into.put(subscriber.next())
    except (RuntimeError, OSError):
        pass


def collect(subscriber, folder, timeout_s=180):
    """Reads until each kind of each venue was there; writes the subjects. Of a subject the first hundred."""
    messages = queue.SimpleQueue()
    threading.Thread(target=read_all, args=(subscriber, messages), daemon=True).start()
    schemas = validate_schema.load_schemas(SCHEMAS)
    missing = set(wanted())
    good, bad, subjects = collections.Counter(), [], collections.Counter()
    end = time.monotonic() + timeout_s
    while missing and time.monotonic() < end:
        try:
            subject, body = messages.get(timeout=1)
        except queue.Empty:
            continue
        subjects[subject] += 1
        if subjects[subject] > SAMPLES:
            continue
        kind, why = validate_schema.why_bad(body, schemas)
        if why is not None:
            bad.append(f"{subject}: {why}: {body[:300]}")
            assert len(bad) < 20, "\n".join(bad)
            continue
        venue = body.split('"venue":"', 1)[1].split('"', 1)[0]
        good[venue, kind] += 1
        missing.discard((venue, kind))
    assert not bad, "\n".join(bad)
    assert not missing, f"never seen: {sorted(missing)}"
    pathlib.Path(folder, "subjects").write_text("\n".join(sorted(subjects)) + "\n")
    return good


def main():
    with tempfile.TemporaryDirectory(prefix="feedtree-schema-") as folder:
        pathlib.Path(folder, "rules.yaml").write_text(RULES)
        hostile.make_certificate(folder)
        nats = hostile.Nats(folder)
        running = [nats.process]
        try:
            simulators = []
            for venue in FEEDS:
                simulators.append(hostile.Simulator(venue, folder, faults=FAULTS, seed=3, rate=150,
                                                    instruments=INSTRUMENTS[venue], truth=False))
                running.append(simulators[-1])
            subscriber = Subscriber(nats.port)
            running.append(hostile.start_server(folder, config_of(simulators, nats, folder)))
            good = collect(subscriber, folder)
        finally:
            for process in reversed(running):
                process.stop()
        assert validate_schema.check_subjects(SCHEMAS, f"{folder}/subjects")
    print(f"{sum(good.values())} messages, {len(good)} kinds at {len(FEEDS)} venues, all within their schemas")


if __name__ == "__main__":
    sys.exit(main())
