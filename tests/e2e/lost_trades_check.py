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


def ranges(details):
    return [tuple(map(int, re.fullmatch(r"trades (\d+) to (\d+) are missing", text).groups()))
            for text in details]


def numbers_told(details):
    return {number for first, last in ranges(details) for number in range(first, last + 1)}


def wait_for_entries(simulator, folder):
    for instrument in simulator.instruments:
        eventually(lambda: len(entries(folder, simulator.venue, instrument)) >= LOST_MIN,
                   f"lost trades of {simulator.venue} {instrument}", 120)


def check_numbers(details, lost):
    """Each lost number is told, and no other. The last ones have nothing behind them yet."""
    told = numbers_told(details)
    lost = {int(key) for key in lost}
    assert told <= lost, sorted(told - lost)
    assert {key for key in lost if key < max(told)} == {key for key in told if key <= max(told)} - {max(told)}


def check_volume(details, lost):
    """No more entries than trades were lost, each of some volume."""
    told = [decimal.Decimal(text.split()[2]) for text in details]
    assert all(text.endswith("are missing by the volume of the venue's candle") for text in details)
    assert min(told) > 0 and len(told) <= len(lost), (told, len(lost))


def check_count(details, lost):
    assert sum(last - first + 1 for first, last in ranges(details)) <= len(lost)


CHECKS = {"okx": check_numbers, "bybit": check_volume, "kraken-futures": check_count}


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
            for each in simulators:
                wait_for_entries(each, folder)
        finally:
            server.stop()
            for each in simulators:
                each.stop()
        counts = {}
        for each in simulators:
            lost = lost_trades(each)
            for instrument in each.instruments:
                details = entries(folder, each.venue, instrument)
                CHECKS[each.venue](details, lost[instrument])
                counts[each.venue] = counts.get(each.venue, 0) + len(details)
    print("entries of lost trades: " + ", ".join(f"{venue} {count}" for venue, count in counts.items()))


if __name__ == "__main__":
    sys.exit(main())
