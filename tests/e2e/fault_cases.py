"""What each fault of a hostile venue must lead to: one case a fault, with the bounds that are promised."""
import dataclasses

# When the faults begin, seconds after the simulators: every book is live by then.
BEGIN_S = 8
# Venues whose books come over REST.
REST_BOOKS = ("binance", "binance-usdm", "binance-coinm")


@dataclasses.dataclass(frozen=True)
class Case:
    """A fault and what is promised about it. Texts of faults may hold {instrument}."""
    faults: tuple
    # Causes of ledger entries, one of which must be there; none: the ledger must stay empty.
    causes: tuple = ()
    # Only the instrument that is hurt may have entries; else all of its venue may.
    one_instrument: bool = False
    # A frame that cannot be read is in quarantine.
    quarantined: bool = False
    # The state that the book of the instrument must pass through.
    state: str = ""
    # From the fault to its entry, and to a live book, seconds.
    noticed_s: float = 3
    repaired_s: float = 8
    # The venue cannot come back by itself.
    given_up: bool = False
    # The instrument cannot come back, its neighbour must.
    delisted: bool = False
    # How long faults go on, seconds; afterwards everything has to be live and right.
    lasts_s: float = 4
    # Venues that do not have this fault: the simulator refuses it.
    only: tuple = ()
    # No fault of a venue: the server gets a tenth of a processor (starved.py).
    starves: bool = False
    # How it is repaired, for the table.
    repair: str = ""
    # Texts of which the server's log must have one for each venue that is hurt.
    log: tuple = ()


ONE = "kind=book,instrument={instrument}"
LATER = f"after={BEGIN_S}s"
CUT = f"disconnect:{LATER}"

CASES = {
    "drop": Case((f"drop:{LATER},every=7,times=2,{ONE}",), ("sequence", "checksum"),
                 one_instrument=True, state="gap", repair="new snapshot of that book"),
    "duplicate": Case((f"duplicate:{LATER},every=5",), repair="dropped by its number or id"),
    "reorder": Case((f"reorder:{LATER},every=7,times=2,{ONE}",), ("sequence", "checksum"),
                    one_instrument=True, state="gap", repair="new snapshot of that book"),
    "delay": Case((f"delay:{LATER},every=40,by=400ms",), repair="none is needed"),
    "corrupt_checksum": Case((f"corrupt_checksum:{LATER},every=7,times=3,{ONE}",), ("checksum",),
                             one_instrument=True, state="gap", only=("kraken",),
                             repair="new snapshot of that book"),
    "malformed": Case((f"malformed:{LATER},every=15,times=3,{ONE}",), quarantined=True,
                      causes=("sequence", "checksum", "rejected"), one_instrument=True,
                      repair="quarantine; new snapshot of that book"),
    "truncated": Case((f"truncated:{LATER},every=15,times=3,{ONE}",), quarantined=True,
                      causes=("sequence", "checksum", "rejected"), one_instrument=True,
                      repair="quarantine; new snapshot of that book"),
    # Snapshots that were asked for are among them; more than three in a row would cost the connection.
    "truncated_repair": Case((f"truncated:{LATER},every=2,times=3,{ONE}",), quarantined=True,
                             causes=("sequence", "checksum", "rejected"), one_instrument=True,
                             repair="quarantine; another snapshot at once"),
    "wrong_type": Case((f"wrong_type:{LATER},every=15,times=3,{ONE}",), quarantined=True,
                       causes=("sequence", "checksum", "rejected"), one_instrument=True,
                       repair="quarantine; new snapshot of that book"),
    "unknown_field": Case((f"unknown_field:{LATER},every=3",), repair="none is needed"),
    "oversized": Case((f"oversized:{LATER},at=10,bytes=80000000",), ("connection",),
                      repair="connection is opened again"),
    "mute": Case((f"mute:{LATER},for=30s",), ("silence", "connection"), noticed_s=10, repaired_s=20,
                 lasts_s=12, state="stale", repair="connection is opened again"),
    "half_open": Case((f"half_open:{LATER},for=30s",), ("silence", "connection"), noticed_s=10,
                      repaired_s=20, lasts_s=12, state="stale", repair="connection is opened again"),
    "disconnect": Case((CUT,), ("connection",), repair="connection is opened again"),
    "announced_close": Case((f"announced_close:{LATER},by=5s",), only=(*REST_BOOKS, "okx"),
                            repair="a new connection before the old one ends",
                            log=("the new connection has taken over",), lasts_s=10),
    "refuse": Case((CUT, f"refuse:{LATER},for=2s"), ("connection",),
                   repair="tried again with backoff"),
    "slow_handshake": Case((CUT, f"slow_handshake:{LATER},for=4s,by=1s"), ("connection",),
                           repair="waited for"),
    "bad_certificate": Case((CUT, f"bad_certificate:{LATER}"), ("connection",), given_up=True,
                            repair="none: the venue is given up, loudly", log=("certificate",)),
    "rate_limit": Case((CUT, f"rate_limit:{LATER},for=3s,status=429,retry=2s"), ("connection",),
                       repaired_s=20, lasts_s=8, repair="waits as long as Retry-After says"),
    "rest_error": Case((CUT, f"rest_error:{LATER},for=2s,status=500"), ("connection",),
                       repair="asked again with backoff"),
    "stale_snapshot": Case((f"drop:{LATER},every=7,times=1,{ONE}",
                            f"stale_snapshot:{LATER},times=1,instrument={{instrument}}"),
                           ("sequence", "checksum"), one_instrument=True, repaired_s=20,
                           lasts_s=10, repair="asked again until it fits"),
    "delist": Case((f"delist:{LATER},instrument={{instrument}}", CUT), ("connection",),
                   delisted=True, repair="reported; neighbours go on", lasts_s=12,
                   log=("refused", "no answer and no data yet", "no book yet of")),
    "clock_skew": Case((f"clock_skew:{LATER},for=4s,by=5s",), repair="none is needed"),
    "crossed": Case((f"crossed:{LATER},instrument={{instrument}}",), ("crossed",),
                    one_instrument=True, state="crossed",
                    repair="live with the update that uncrosses it"),
    "starved": Case((), starves=True, repair="none is needed: less is read"),
    "maintenance": Case((f"maintenance:{LATER},for=3s",), ("connection",), repaired_s=15,
                        repair="tried again with backoff"),
}
