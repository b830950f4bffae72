"""Compares what simulators say they did (fault log, truth) with what the server stored.

A loss is an event that a venue made for a connected client and that is in no sink. It is accounted for
if the ledger has an entry for its feed between the event stored before it and the one stored after
it. What the venue gives no sign of is counted apart: a lost book update of a venue that has only
checksums over the best levels, between updates whose checksums hold. Its levels lay below those, or
were overwritten before the checksum reached them. There may be few of these: see INVISIBLE_MAX."""
import bisect
import collections
import dataclasses

import hostile

# Faults that are to leave no mark: the server copes.
HARMLESS = {"duplicate", "delay", "unknown_field", "slow_handshake", "clock_skew"}
# Within this time after it happened a fault is in the ledger, seconds.
NOTICE_S = 30.0
CHECKSUM_ONLY = {"kraken"}
# What was asked for; Bybit sends candles with trades too, which show missing ones.
KINDS = {"book", "trade"}
# The keys of trades are numbers without holes.
NUMBERED = {"kraken", "coinbase", "binance", "binance-usdm", "binance-coinm"}
# Of all that a venue with checksums alone lost, at most this part may have left no mark.
INVISIBLE_MAX = 0.02


@dataclasses.dataclass(frozen=True)
class Made:
    id: str
    at_ns: int
    fate: str


@dataclasses.dataclass(frozen=True)
class Gap:
    begin_ns: int
    end_ns: float
    cause: str
    feed: str
    recovered: bool


@dataclasses.dataclass
class Ledger:
    """What the server wrote down of one venue."""
    gaps: dict = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
    quarantine_ns: list = dataclasses.field(default_factory=list)
    whole: list = dataclasses.field(default_factory=list)

    def explains(self, instrument, kind, after_ns, before_ns):
        """True if there is an entry for this feed that touches the time between two events."""
        for feed in (kind, "connection"):
            for gap in self.gaps[instrument, feed]:
                if gap.end_ns > after_ns and gap.begin_ns <= before_ns:
                    return True
        at = bisect.bisect_right(self.quarantine_ns, after_ns)
        return at < len(self.quarantine_ns) and self.quarantine_ns[at] <= before_ns

    def has_outage(self, instrument, kind, at_ns):
        """True if the server was away from this feed when the venue sent something."""
        return any(gap.cause == "outage" and gap.begin_ns <= at_ns <= gap.end_ns
                   for gap in self.gaps[instrument, kind])


@dataclasses.dataclass
class Result:
    made: int = 0
    delivered: int = 0
    in_ledger: int = 0
    invisible: int = 0
    before_first: int = 0
    unexplained: list = dataclasses.field(default_factory=list)
    twice: list = dataclasses.field(default_factory=list)
    invented: list = dataclasses.field(default_factory=list)

    def add(self, other):
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def read_truth(path):
    """Streams by (instrument, kind) in the order in which they were made, and the last books."""
    streams = collections.defaultdict(dict)
    books = {}
    for line in hostile.read_lines(path):
        if line["type"] == "book":
            books[line["instrument"]] = line
        elif not line["snapshot"] and line["kind"] in KINDS:
            made = Made(line["id"], int(line["at_ns"]), line["fate"])
            stream = streams[line["instrument"], line["kind"]]
            # Made for a second connection: what counts is that one of them had it whole.
            if line["id"] not in stream or line["fate"] == "sent":
                stream[line["id"]] = made
    return {key: list(stream.values()) for key, stream in streams.items()}, books


def read_stored(database, venue):
    """Receive times by id, for books and trades; and ids that are there more than once."""
    stored, twice = {}, []
    for kind, only in (("trade", ""), ("book", " and type = 'delta'")):
        rows = database.execute(
            f"select instrument, key, receive_ns from {kind} where venue = ?{only}", (venue,))
        for instrument, key, receive_ns in rows:
            name = f"{venue}:{instrument}:{kind}:{key}"
            if name in stored:
                twice.append(name)
            stored[name] = receive_ns
    return stored, twice


def read_snapshots(database, venue):
    """Receive times by the ids that updates of the same numbers have, or would have: they have these in them."""
    return {f"{venue}:{instrument}:book:{key[1:]}": receive_ns for instrument, key, receive_ns in database.execute(
        "select instrument, key, receive_ns from book where venue = ? and type = 'snapshot'", (venue,))}


def read_ledger(database, venue):
    """An entry has a row when it begins and one when it ends; the later has the whole."""
    ledger = Ledger()
    whole = {}
    for instrument, feed, cause, begin_ns, end_ns, recovered in database.execute(
            "select instrument, feed, cause, begin_ns, end_ns, recovered from gap where venue = ?"
            " order by receive_ns", (venue,)):
        end = float("inf") if not end_ns else end_ns
        place = (instrument, feed, cause, begin_ns)
        before, was_recovered = whole.get(place, (end, False))
        whole[place] = (min(before, end), was_recovered or bool(recovered))
    for (instrument, feed, cause, begin_ns), (end_ns, recovered) in whole.items():
        gap = Gap(begin_ns, end_ns, cause, feed, recovered)
        ledger.whole.append(gap)
        ledger.gaps[instrument, feed].append(gap)
        if cause in ("connection", "silence", "restart", "outage"):
            ledger.gaps[instrument, "connection"].append(gap)
    ledger.quarantine_ns = sorted(row[0] for row in database.execute(
        "select receive_ns from quarantine where venue = ?", (venue,)))
    return ledger


def check_stream(venue, instrument, kind, made, stored, ledger):
    """Every event of one stream is stored or accounted for."""
    result = Result(made=len(made))
    there = [index for index, event in enumerate(made) if event.id in stored]
    for index, event in enumerate(made):
        if event.id in stored:
            result.delivered += 1
            continue
        at = bisect.bisect_left(there, index)
        if at == 0:
            result.before_first += 1
            continue
        before = stored[made[there[at - 1]].id]
        after = stored[made[there[at]].id] if at < len(there) else float("inf")
        is_between = at < len(there)
        if ledger.explains(instrument, kind, before, after) or ledger.has_outage(
                instrument, kind, event.at_ns):
            result.in_ledger += 1
        elif venue in CHECKSUM_ONLY and kind == "book" and is_between and event.fate != "sent":
            result.invisible += 1
        else:
            result.unexplained.append(f"{event.id} {event.fate}")
    return result


def check_venue(database, venue, truth):
    streams, books = read_truth(truth)
    stored, twice = read_stored(database, venue)
    had = {**read_snapshots(database, venue), **stored}
    ledger = read_ledger(database, venue)
    result = Result(twice=twice)
    known = set()
    for (instrument, kind), made in streams.items():
        result.add(check_stream(venue, instrument, kind, made, had, ledger))
        known.update(event.id for event in made)
    if result.invisible > max(3, INVISIBLE_MAX * result.in_ledger):
        result.unexplained.append(f"{result.invisible} updates of {venue} without a sign")
    result.invented = [name for name in stored if name not in known and ":book:" in name]
    return result, books, ledger


def unexplained_holes(database, venue, ledger):
    """Numbers of trades between two that are stored, where the venue counts without holes: what was sent to
    nobody, while the server was away, is in no truth. Each must be stored or in the ledger."""
    if venue not in NUMBERED:
        return
    stored = collections.defaultdict(list)
    for instrument, key, receive_ns in database.execute(
            "select instrument, key, receive_ns from trade where venue = ?", (venue,)):
        stored[instrument].append((int(key), receive_ns))
    for instrument, trades in stored.items():
        trades.sort()
        for (number, before_ns), (other, after_ns) in zip(trades, trades[1:]):
            begin_ns, end_ns = sorted((before_ns, after_ns))
            if other != number + 1 and not ledger.explains(instrument, "trade", begin_ns, end_ns):
                yield f"{venue}:{instrument}:trade {number} to {other}"


def untold_outages(database, venue, ledger, outages):
    """Feeds that had data before the server was killed, and have no entry over the time without it."""
    for killed_ns, started_ns in outages:
        for kind in ("book", "trade"):
            for (instrument,) in database.execute(
                    f"select distinct instrument from {kind} where venue = ? and receive_ns < ?",
                    (venue, killed_ns)):
                if not any(gap.cause == "outage" and gap.begin_ns <= killed_ns
                           and gap.end_ns >= started_ns for gap in ledger.gaps[instrument, kind]):
                    yield f"{venue} {instrument} {kind}, {killed_ns} to {started_ns}"


def is_noticed(fault, ledger):
    """True if the ledger has an entry that begins or lasts soon after the fault."""
    at_ns = int(fault["at_ns"])
    until_ns = at_ns + NOTICE_S * 1e9
    feeds = [gap for (instrument, _), gaps in ledger.gaps.items()
             if fault["instrument"] in ("", instrument) for gap in gaps]
    if any(gap.end_ns >= at_ns and gap.begin_ns <= until_ns for gap in feeds):
        return True
    return any(at_ns <= when <= until_ns for when in ledger.quarantine_ns)


def ask_books(nats, simulators):
    """The server's books, asked over NATS while the markets rest."""
    books = {}
    for venue, simulator in simulators.items():
        for instrument in simulator.instruments:
            try:
                books[venue, instrument] = nats.request(f"md.v1.get.book.{venue}.{instrument}")
            except (OSError, RuntimeError) as error:
                books[venue, instrument] = {"error": str(error)}
    return books


def compare_books(answers, venue, truth_books):
    for instrument, truth in truth_books.items():
        answer = answers.get((venue, instrument), {"error": "no answer"})
        if "error" in answer:
            yield f"{venue} {instrument}: {answer['error']}"
            continue
        if answer["state"] != "live":
            yield f"{venue} {instrument}: the book is {answer['state']} at the end"
        for side in ("bids", "asks"):
            why = same_levels(answer[side], truth[side])
            if why:
                yield f"{venue} {instrument} {side}: {why}"


def same_levels(answer, truth):
    """Why the server's side of a book is not the venue's; empty if it is, as deep as it goes."""
    def plain(levels):
        return [(decimal_of(price), decimal_of(quantity)) for price, quantity in levels]
    ours, theirs = plain(answer), plain(truth)
    if len(ours) < min(10, len(theirs)):
        return f"{len(ours)} levels of {len(theirs)}"
    for depth, (one, other) in enumerate(zip(ours, theirs)):
        if one != other:
            return f"level {depth}: {one} instead of {other}"
    return ""


def decimal_of(text):
    whole, _, digits = text.partition(".")
    digits = digits.rstrip("0")
    return (int(whole + digits), len(digits))
