"""Pollers while the database, and then the distributor, is away: every answer that the source gave is in the
database once, and the server says what is wrong while it lasts. Run by ctest."""
import json, sqlite3, sys, tempfile, threading, time, urllib.request

from plain_simulator import Simulator
from pollers_check import Server, Source, eventually, poller

TOKEN = "an operator's token of the tests"
HOUR_S = 3600


class Prices:
    """CoinGecko's tickers: each answer has a price and a time of its own."""

    def __init__(self):
        self.given = {}  # time of an answer, ns: its price
        self.lock = threading.Lock()
        self.first_s = int(time.time()) - 100_000

    def answer(self, path, times):
        with self.lock:
            at_s = self.first_s + times
            self.given[at_s * 1_000_000_000] = str(1000 + times)
        when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at_s))
        return 200, json.dumps([{"id": "bitcoin", "symbol": "btc", "current_price": 1000 + times,
                                 "last_updated": when}]).encode(), {}

    def count(self):
        with self.lock:
            return len(self.given)


class Interest:
    """Coinalyze's open interest: a value for each hour that is asked for, the same each time. The answers
    wait until the database is away."""

    def __init__(self):
        self.may_answer = threading.Event()

    def answer(self, path, times):
        assert self.may_answer.wait(60)
        query = dict(each.split("=") for each in path.split("?")[1].split("&"))
        first, last = int(query["from"]), int(query["to"])
        points = [{"t": at, "o": 1, "h": 3, "l": 1, "c": at // HOUR_S}
                  for at in range(-(-first // HOUR_S) * HOUR_S, last + 1, HOUR_S)]
        return 200, json.dumps([{"symbol": "BTCUSDT_PERP.A", "history": points}]).encode(), {}


def stored_prices(server):
    rows = server.rows("SELECT exchange_ns, last_price FROM ticker WHERE venue = 'coingecko'")
    assert len(rows) == len(set(rows)), "stored twice"
    return dict(rows)


def stored_hours(server):
    rows = server.rows("SELECT exchange_ns / 3600000000000, quantity FROM open_interest"
                       " WHERE venue = 'coinalyze-a' ORDER BY 1")
    return [hour for hour, _ in rows]


def conditions(server):
    """What the server says is wrong with pollers."""
    entries = json.loads(server.ask("/api/v1/alerts"))["alerts"]
    return [each for each in entries if each["component"].startswith("poller ")]


def lasting(server, name, words):
    return [each for each in conditions(server)
            if each["component"] == f"poller {name}" and each["cleared_ns"] in (None, "0")
            and words in each["text"]]


def restart(server, path):
    url = next(word for word in server.text().split() if word.startswith("http://127."))
    request = urllib.request.Request(f"{url}/api/v1/actors/{path}/restart", method="POST",
                                     headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 202


def restarts_of(server, path):
    actors = json.loads(server.ask("/api/v1/actors"))["actors"]
    return next(each["restarts"] for each in actors if each["path"] == path)


def expect_all(server, prices):
    """What was given before now is there, each once."""
    with prices.lock:
        given = dict(prices.given)
    eventually(lambda: given.keys() <= stored_prices(server).keys(), "every answer in the database")
    there = stored_prices(server)
    assert {at: there[at] for at in given} == given
    return len(given)


def stop_without_database(server, prices):
    """A stop does not wait for a database that is another's; what is not in it is in the journal."""
    writer = sqlite3.connect(server.folder / "events.db", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    asked = prices.count()
    eventually(lambda: prices.count() >= asked + 2, "rounds without the database")
    server.process.terminate()
    server.process.wait(timeout=60)
    assert not [line for line in server.text().splitlines()
                if "pollers/" in line and "did not stop" in line], server.text()
    assert max(prices.given) not in stored_prices(server)
    writer.execute("ROLLBACK")
    writer.close()


def main():
    prices, interest = Prices(), Interest()
    with tempfile.TemporaryDirectory() as folder, Simulator("kraken", "BTC-USD") as venue, \
            Source(prices.answer) as gecko, Source(interest.answer) as lyze:
        # Without its limit of 5 requests a minute: the address is ours, the key is of a paid plan.
        feeds = poller("prices", "coingecko", "BTC-USD=bitcoin", "ticker", gecko.url, "every: 1s",
                       "key: any", "plan: pro")
        feeds += poller("interest", "coinalyze", "BTC-USDT-PERP=BTCUSDT_PERP.A", "open_interest",
                        lyze.url, "every: 2s", "interval: 1h", "history: 10d", "overlap: 3h",
                        "key: any")
        with Server(folder, venue, feeds, {"FEEDTREE_OPERATOR_TOKEN": TOKEN}) as server:
            eventually(lambda: len(stored_prices(server)) >= 2, "the first prices")
            eventually(lambda: lyze.asked, "the first question for hours")
            assert not conditions(server) and not stored_hours(server)
            # The database is another's for as long as it takes until both say so, and three rounds more.
            writer = sqlite3.connect(f"{folder}/events.db", isolation_level=None)
            writer.execute("BEGIN EXCLUSIVE")
            before = prices.count()
            interest.may_answer.set()
            for name, words in (("prices", "database is locked"), ("interest", "it cannot go on")):
                said = eventually(lambda: lasting(server, name, words), f"the reason of {name}")
                assert server.metric("healthy", name) == 0, said
            eventually(lambda: prices.count() >= before + 3, "rounds without the database")
            eventually(lambda: len(lyze.asked) >= 3, "the same hours asked for again")
            assert max(prices.given) not in stored_prices(server) and not stored_hours(server)
            writer.execute("COMMIT")
            writer.close()
            for name in ("prices", "interest"):
                eventually(lambda: server.metric("healthy", name) == 1, f"{name} is well again")
                eventually(lambda: not lasting(server, name, ""), f"no reason of {name}")
            away = prices.count() - before
            expect_all(server, prices)
            # The distributor goes while answers are on their way.
            for times in range(1, 4):
                asked = prices.count()
                restart(server, "root/sinks/distributor")
                eventually(lambda: restarts_of(server, "root/sinks/distributor") >= times,
                           "another distributor")
                eventually(lambda: prices.count() > asked, "rounds behind it")
            total = expect_all(server, prices)
            hours = stored_hours(server)
            assert len(hours) >= 230 and len(hours) == len(set(hours)), "an hour is stored twice"
            # However often they were read: each was published once (pollers_once_check has those that were not).
            assert server.metric("events_total", "interest") == len(hours)
            assert hours == list(range(hours[0], hours[-1] + 1)), "an hour is missing"
            stop_without_database(server, prices)
        with Server(folder, venue, feeds, {"FEEDTREE_OPERATOR_TOKEN": TOKEN}) as server:
            expect_all(server, prices)
        print(f"{total} prices and {len(hours)} hours, each once; {away} rounds of prices while the"
              " database was away, three other distributors,"
              " a stop without the database")


if __name__ == "__main__":
    sys.exit(main())
