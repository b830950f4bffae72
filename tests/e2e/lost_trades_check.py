"""Trades that cannot be asked for and are lost on the way are in the ledger: at OKX and Kraken Futures by their
numbers, at Bybit by the volume of the venue's candles. The venues are simulated and drop frames of trades. Run by
ctest."""
import collections
import decimal
import re
import sqlite3
import sys
import tempfile

import hostile
from served import eventually

FAULT = "drop:after=4s,every=7,kind=trade"
VENUES = {"okx": ("BTC-USDT", "ETH-USDT-PERP"), "bybit": ("BTC-USDT", "ETH-USDT-PERP"),
          "kraken-futures": ("BTC-USD-PERP", "ETH-USD-PERP")}
LOST_MIN = 4  # of each instrument


def rows(folder, sql, *values):
    try:
        with sqlite3.connect(f"{folder}/events.db", timeout=10) as database:
            return database.execute(sql, values).fetchall()
    except sqlite3.OperationalError:
        return []


def lost_trades(simulator):
    """Ids of trades that were withheld, by instrument."""
    lost = collections.defaultdict(list)
    for line in hostile.read_lines(simulator.fault_log):
        for name in line["events"]:
            venue, instrument, kind, key = name.split(":", 3)
            if kind == "trade":
                lost[instrument].append(key)
    return lost


def entries(folder, venue, instrument):
    return [text for (text,) in rows(
        folder, "SELECT detail FROM gap WHERE venue = ? AND instrument = ? AND feed = 'trade'"
        " AND recovered = 0 AND cause IN ('sequence', 'checksum')", venue, instrument)]


def numbers_told(details):
    told = set()
    for first, last in (re.fullmatch(r"trades (\d+) to (\d+) are missing", text).groups()
                        for text in details):
        told.update(range(int(first), int(last) + 1))
    return told


def check_okx(simulator, folder):
    """Each lost number is told, and no other. The last ones have nothing behind them yet."""
    for instrument in simulator.instruments:
        def told_enough():
            return len(numbers_told(entries(folder, "okx", instrument))) >= LOST_MIN
        eventually(told_enough, f"lost trades of okx {instrument}", 60)
        told = numbers_told(entries(folder, "okx", instrument))
        lost = {int(key) for key in lost_trades(simulator)[instrument]}
        assert told <= lost, (instrument, sorted(told - lost))
        assert {key for key in lost if key < max(told)} == {key for key in told if key < max(told)}


def check_kraken_futures(simulator, folder):
    for instrument in simulator.instruments:
        eventually(lambda: len(entries(folder, "kraken-futures", instrument)) >= LOST_MIN,
                   f"lost trades of kraken-futures {instrument}", 60)


def check_bybit(simulator, folder):
    """The volume that is told is the volume that was lost, as far as candles have come."""
    for instrument in simulator.instruments:
        def missing():
            return [decimal.Decimal(text.split()[2]) for text in entries(folder, "bybit", instrument)]
        eventually(lambda: len(missing()) >= LOST_MIN, f"lost trades of bybit {instrument}", 90)
        # Which candles stored what the venue traded, and the trades that are stored of that time.
        told = sum(missing())
        lost = lost_trades(simulator)[instrument]
        assert told > 0 and len(missing()) <= len(lost), (instrument, told, len(lost))
        assert all("by the volume of the venue's candle" in text
                   for text in entries(folder, "bybit", instrument))


def main():
    with tempfile.TemporaryDirectory(prefix="feedtree-lost-") as folder:
        hostile.make_certificate(folder)
        simulators = [hostile.Simulator(venue, folder, faults=(FAULT,), seed=4, rate=120,
                                        instruments=instruments)
                      for venue, instruments in VENUES.items()]
        text = "venues:\n"
        for each in simulators:
            text += each.config(folder).replace("feeds: [book, trade]", "feeds: [trade]")
        text += (f"sinks:\n  - kind: none\n  - {{kind: sqlite, path: {folder}/events.db, flush_interval: 50ms}}\n"
                 f"journal: {{path: {folder}/journal}}\nhttp: {{listen: 127.0.0.1:0}}\n")
        server = hostile.start_server(folder, text)
        try:
            checks = {"okx": check_okx, "bybit": check_bybit, "kraken-futures": check_kraken_futures}
            for each in simulators:
                checks[each.venue](each, folder)
            counts = {each.venue: sum(len(entries(folder, each.venue, name)) for name in each.instruments)
                      for each in simulators}
        finally:
            server.stop()
            for each in simulators:
                each.stop()
    print("entries of lost trades: " + ", ".join(f"{venue} {count}" for venue, count in counts.items()))


if __name__ == "__main__":
    sys.exit(main())
