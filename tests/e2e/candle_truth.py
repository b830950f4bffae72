"""Candles computed from stored trades, to compare with those that the server built of them."""
import collections
import dataclasses
from decimal import Decimal

SECOND_NS = 1_000_000_000
EDGE_NS = SECOND_NS // 5  # a venue's time of a trade is not quite that at which it was sent


@dataclasses.dataclass
class Comparison:
    compared: int = 0
    problems: list = dataclasses.field(default_factory=list)


def trades_of(database, venue, instrument):
    rows = database.rows("SELECT exchange_ns, price, quantity FROM trade WHERE"
                         f" venue = '{venue}' AND instrument = '{instrument}'")
    return sorted((int(at_ns), Decimal(price), Decimal(quantity)) for at_ns, price, quantity in rows)


def stored_candles(database, venue, instrument):
    """The last state of each candle that was built, by length and begin."""
    last = {}
    for row in database.rows(
            "SELECT interval_ns, open_ns, open, high, low, close, volume, trades, closed, complete"
            f" FROM candle WHERE venue = '{venue}' AND instrument = '{instrument}' AND source = 'trades'"
            " ORDER BY receive_ns, revision"):
        last[int(row[0]), int(row[1])] = row[2:]
    return last


def difference(candle, trades):
    """Why a candle is not that of these trades; empty if it is. Of trades of
    one time any may be first or last."""
    opened, high, low, closed = map(Decimal, candle[:4])
    prices = [price for _, price, _ in trades]
    first = {price for at_ns, price, _ in trades if at_ns == trades[0][0]}
    last = {price for at_ns, price, _ in trades if at_ns == trades[-1][0]}
    for name, good in (("open", opened in first), ("high", high == max(prices)),
                       ("low", low == min(prices)), ("close", closed in last),
                       ("volume", Decimal(candle[4]) == sum(quantity for *_, quantity in trades)),
                       ("trades", int(candle[5]) == len(trades))):
        if not good:
            return f"{name} is not that of its {len(trades)} trades: {candle}"
    return ""


def false_claim(candle, may_lack, lacks):
    """Why a candle says the wrong thing of itself: it is whole where nothing is missing, and says where it is not."""
    closed, complete = candle[6:8]
    if lacks and complete == "1":
        return f"is complete and lacks trades: {candle}"
    if closed != "1":
        return f"is not closed: {candle}"
    if not may_lack and complete != "1":
        return f"is not complete: {candle}"
    return ""


def compare(database, venue, instrument, lengths_s, until_ns, lateness_ns, lost=None, lost_ns=()):
    """All intervals that begin lateness_ns behind the first trade or later, and are over at until_ns. lost is the
    span whose trades the venue does not give again, lost_ns are their times: what is given that late may be lost."""
    result = Comparison()
    trades = trades_of(database, venue, instrument)
    candles = stored_candles(database, venue, instrument)
    first_ns = int(database.rows("SELECT min(receive_ns) FROM trade WHERE"
                                 f" venue = '{venue}' AND instrument = '{instrument}'")[0][0])
    reach_ns = lateness_ns + SECOND_NS
    for length_ns in (seconds * SECOND_NS for seconds in lengths_s):
        by_begin = collections.defaultdict(list)
        for trade in trades:
            by_begin[trade[0] // length_ns * length_ns].append(trade)
        for begin_ns, within in sorted(by_begin.items()):
            end_ns = begin_ns + length_ns
            if begin_ns < first_ns + lateness_ns or end_ns > until_ns:
                continue
            candle = candles.get((length_ns, begin_ns))
            may_lack = lost is not None and begin_ns < lost[1] + reach_ns and end_ns > lost[0] - reach_ns
            lacks = any(begin_ns + EDGE_NS < at_ns < end_ns - EDGE_NS for at_ns in lost_ns)
            why = "is not there"
            if candle:
                why = difference(candle, within) or false_claim(candle, may_lack, lacks)
            if why:
                result.problems.append(f"candle of {length_ns // SECOND_NS} s at {begin_ns} {why}")
            result.compared += 1
    return result
