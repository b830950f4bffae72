"""Pollers of a running server: fetched once, caught up once, whole after kill -9, with a key, refused,
and the real answers of the captures. Run by ctest."""
import http.server, json, os, pathlib, re, signal, sqlite3, subprocess, sys, tempfile, threading, time
import urllib.request

import served
from plain_simulator import Simulator

BINARY = os.environ["FEEDTREE_BINARY"]
HOUR_NS = 3_600_000_000_000
FAR_AWAY = "cron: '0 0 1 1 *'"  # once at the start, and not again while a test runs
CAPTURES = pathlib.Path(os.environ.get("FEEDTREE_CAPTURES") or
                        pathlib.Path(__file__).resolve().parents[3] / "shared" / "data")


def eventually(look, what, timeout_s=60):
    return served.eventually(look, what, timeout_s)


class Source:
    """A source of our own: answers come from a function of the path; what was asked is kept."""

    def __init__(self, answer):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                asked.append((self.path, dict(self.headers)))
                status, body, headers = answer(self.path, len(asked))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()


class Server:
    """feedtree run with these pollers, beside one venue that it needs."""

    def __init__(self, folder, venue, pollers, variables=None):
        self.folder = pathlib.Path(folder)
        config = self.folder / "config.yaml"
        config.write_text(f"""venues:
  - venue: kraken
    instruments: [BTC-USD]
    feeds: [ticker]
    websocket_url: {venue.url.replace("http", "ws")}
    rest_url: {venue.url}
journal: {{ path: {folder}/journal }}
archive: {{ path: {folder}/archive }}
http: {{ listen: 127.0.0.1:0 }}
sinks:
  - kind: none
  - kind: sqlite
    path: {folder}/events.db
    flush_interval: 50ms
pollers:
{pollers}""")
        self.log = open(self.folder / "log", "a+")
        self.from_here = self.log.seek(0, os.SEEK_END)
        self.process = subprocess.Popen(
            [BINARY, "run", "--config", config], stdout=self.log, stderr=self.log,
            env=dict(os.environ, FEEDTREE_ALLOW_INSECURE_DEFAULTS="1", **(variables or {})))

    def text(self):
        return (self.folder / "log").read_text()[self.from_here:]

    def ask(self, path):
        url = eventually(lambda: re.search(r"HTTP at (http://\S+)", self.text()), "the port").group(1)
        with urllib.request.urlopen(url + path, timeout=10) as answer:
            return answer.read().decode()

    def metric(self, name, poller):
        found = re.search(rf'feedtree_poller_{name}{{poller="{poller}",[^}}]*}} (\S+)',
                          self.ask("/metrics"))
        return float(found.group(1)) if found else None

    def rows(self, sql):
        try:
            with sqlite3.connect(self.folder / "events.db", timeout=10) as database:
                return database.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, *unused):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
        if kind is None:
            assert self.process.returncode in (0, -signal.SIGKILL), self.text()
        elif kind is not None:
            print(self.text()[-3000:], file=sys.stderr)
        self.log.close()


def poller(name, source, instruments, feeds, url, *more):
    return "".join(f"{'  - ' if at == 0 else '    '}{line}\n" for at, line in enumerate(
        (f"name: {name}", f"source: {source}", f"instruments: [{instruments}]",
         f"feeds: [{feeds}]", f"rest_url: {url}", *more)))


CANDLES = ("SELECT instrument, key, interval_ns, open_ns, open, high, low, close, volume, closed"
           " FROM candle WHERE venue = 'binance' ORDER BY open_ns, key")


def caught_up_once(venue):
    """Not again before it is due; what was missed once; and only what is new."""
    while time.time() % 3600 > 3570:  # not across the end of an hour, when it is due again
        time.sleep(0.1)
    with tempfile.TemporaryDirectory() as folder, Simulator("binance", "BTC-USDT") as source:
        hourly = poller("candles", "binance", "BTC-USDT", "candle: 1m", source.url, "every: 1h",
                        "history: 4h", "overlap: 10m")
        run_row = "SELECT next_ns FROM backfill WHERE venue = 'poller' AND instrument = 'candles'"
        with Server(folder, venue, hourly) as server:
            eventually(lambda: server.metric("runs_total", "candles") == 1, "the first run")
            first_run = server.rows(run_row)[0][0]
            eventually(lambda: len(server.rows(CANDLES)) >= 200, "its candles")
            eventually(lambda: any(each["path"] == "root/pollers/candles" and each["state"] == "running"
                                   for each in json.loads(server.ask("/api/v1/actors"))["actors"]),
                       "its actor")
        first = server.rows(CANDLES)
        with Server(folder, venue, hourly) as server:
            # It has read when it ran last, and that nothing is due.
            eventually(lambda: server.metric("last_run_timestamp_seconds", "candles"), "its state")
            assert server.metric("requests_total", "candles") == 0
            assert server.rows(run_row)[0][0] == first_run
        # As if it had been down for three hours, two hours ago.
        with sqlite3.connect(f"{folder}/events.db") as database:
            database.execute("UPDATE backfill SET next_ns = next_ns - ? WHERE kind = 'run'",
                             (3 * HOUR_NS,))
            database.execute("UPDATE backfill SET next_ns = next_ns - ? WHERE kind = 'candle'",
                             (3 * HOUR_NS,))
            database.execute("DELETE FROM candle WHERE open_ns >= (SELECT next_ns FROM backfill"
                             " WHERE kind = 'candle')")
        with Server(folder, venue, hourly) as server:
            eventually(lambda: server.metric("runs_total", "candles") == 1, "the missed run")
            # 180 minutes that are new and 10 that are read again, in one request.
            assert 160 <= server.metric("events_total", "candles") <= 195
            assert server.metric("requests_total", "candles") == 2  # symbols, candles
            eventually(lambda: {row[1] for row in first} <= {row[1] for row in
                                                             server.rows(CANDLES)}, "all again")
            due = server.rows(run_row)[0][0]
            assert due >= first_run
            assert server.metric("runs_total", "candles") == 1
        keys = [row[:2] for row in server.rows(CANDLES)]
        assert len(keys) == len(set(keys))
        print(f"{len(first)} candles, nothing asked before it was due, three hours caught up in one"
              " run")


def whole_after_kill(venue):
    """kill -9 in the middle of a long run, three times: the rows of a run that nobody killed."""
    with Simulator("binance", "BTC-USDT") as source:
        feeds = poller("past", "binance", "BTC-USDT", "candle: 1m", source.url, FAR_AWAY,
                       "history: 120d", "overlap: 0s")
        with tempfile.TemporaryDirectory() as folder, Server(folder, venue, feeds) as server:
            eventually(lambda: server.metric("runs_total", "past") == 1, "the run", 120)
            count = server.metric("events_total", "past")
            eventually(lambda: len(server.rows(CANDLES)) == count, "its candles")
            want = server.rows(CANDLES)
        with tempfile.TemporaryDirectory() as folder:
            kills = 0
            for _ in range(3):
                with Server(folder, venue, feeds) as server:
                    before = len(server.rows(CANDLES))
                    eventually(lambda: len(server.rows(CANDLES)) > before, "more candles")
                    if server.metric("runs_total", "past") == 0:
                        kills += 1
                    server.kill()
            assert kills > 0, "it was over before it could be killed"
            with Server(folder, venue, feeds) as server:
                last = "SELECT max(open_ns) FROM candle WHERE venue = 'binance'"
                eventually(lambda: server.rows("SELECT 1 FROM backfill WHERE kind = 'run'"),
                           "the run", 120)
                end = server.rows("SELECT next_ns FROM backfill WHERE kind = 'candle'")[0][0]
                eventually(lambda: server.rows(last)[0][0] >= end - 10 * HOUR_NS / 60, "the end")
                got = server.rows(CANDLES)
        # Each began at the same minute or a few later, and ended later: what both have is the same.
        low = max(want[0][3], got[0][3])
        high = min(want[-1][3], got[-1][3])
        both = [[row for row in rows if low <= row[3] <= high] for rows in (want, got)]
        assert both[0] == both[1] and len(both[0]) > 100_000, [len(rows) for rows in both]
        print(f"killed {kills} times: {len(both[0])} candles, each once")


def refused_and_keyed(venue):
    """429 is waited for; the key goes in a header, and nowhere else; a wrong one is given up."""
    key = "a-secret-of-the-tests"
    point = '{"t":%d,"o":1,"h":3,"l":1,"c":2}'

    def answer(path, times):
        if times == 1:
            return 429, b"{}", {"Retry-After": "1"}
        if "funding" in path:
            return 401, b'{"message":"Invalid API key"}', {}
        first = int(re.search(r"from=(\d+)", path).group(1))
        last = int(re.search(r"to=(\d+)", path).group(1))
        points = ",".join(point % at for at in range(first, last + 1, 3600))
        return 200, f'[{{"symbol":"BTCUSDT_PERP.A","history":[{points}]}}]'.encode(), {}

    with tempfile.TemporaryDirectory() as folder, Source(answer) as source:
        feeds = poller("oi", "coinalyze", "BTC-USDT-PERP=BTCUSDT_PERP.A", "open_interest, funding",
                       source.url, "every: 1h", "history: 2d", "key: ${TEST_KEY}")
        with Server(folder, venue, feeds, {"TEST_KEY": key}) as server:
            eventually(lambda: server.metric("runs_total", "oi") == 1, "the run")
            stored = eventually(lambda: server.rows(
                "SELECT count(*), max(quantity) FROM open_interest"
                " WHERE venue = 'coinalyze-a'")[0][0] >= 47, "open interest")
            assert stored
            assert server.metric("refused_total", "oi") == 1
            assert server.metric("runs_failed_total", "oi") == 1
            assert server.metric("healthy", "oi") == 0
            assert "funding 1h BTC-USDT-PERP: HTTP 401" in server.text()
            assert not server.rows("SELECT 1 FROM backfill WHERE kind = 'run'")
            everything = server.text() + server.ask("/metrics") + server.ask("/api/v1/actors")
            assert key not in everything
        assert all(headers.get("api_key") == key for _, headers in source.asked)
        assert not any(key in path for path, _ in source.asked)
        assert sum("funding" in path for path, _ in source.asked) == 1  # 401: not tried again
        print("429 waited for, 401 given up, the key in the header alone")


def real_answers(venue):
    """What CoinGecko really answered, as captured, through the server into the database."""
    markets = CAPTURES / "coingecko" / "GetMarketsAsync_20230108.json"
    if not markets.exists():
        assert not os.environ.get("CI"), "no captures, but they must be there"
        print("skipped: no captures")
        return
    body = markets.read_bytes()
    with tempfile.TemporaryDirectory() as folder, Source(lambda *_: (200, body, {})) as source:
        feeds = poller("prices", "coingecko",
                       "BTC-USD=bitcoin, ETH-USD=ethereum, ZZ-USD=no-such-coin", "ticker",
                       source.url, "every: 15m")
        with Server(folder, venue, feeds) as server:
            rows = eventually(lambda: server.rows(
                "SELECT instrument, last_price, quote_volume FROM ticker WHERE venue = 'coingecko'"
                " ORDER BY instrument"), "tickers")
            aside = eventually(lambda: server.rows(
                "SELECT instrument, reason FROM quarantine WHERE venue = 'coingecko'"), "quarantine")
        assert [tuple(map(str, row)) for row in rows] == [
            ("BTC-USD", "16951.52", "10076421985"), ("ETH-USD", "1266.66", "2743538847")], rows
        assert aside == [("ZZ-USD", "no such coin in the answer")], aside
        assert "x-cg-demo-api-key" not in {name.lower() for name in source.asked[0][1]}
        print("two real tickers, one coin that was not there in quarantine")


def simulated_sources(venue):
    """CoinGecko and Coinalyze as the simulator plays them: all that there is, or a gap that says so."""
    with tempfile.TemporaryDirectory() as folder, \
            Simulator("coingecko", "BTC-USD,ETH-EUR") as gecko, \
            Simulator("coinalyze", "BTC-USDT-PERP") as lyze:
        feeds = poller("prices", "coingecko", "BTC-USD=bitcoin, ETH-EUR=ethereum",
                       "ticker, candle: 4h", gecko.url, FAR_AWAY, "history: 20d")
        feeds += poller("simple", "coingecko-simple", "BTC-USD=bitcoin", "ticker", gecko.url,
                        FAR_AWAY)
        feeds += poller("derivatives", "coinalyze", "BTC-USDT-PERP=BTCUSDT_PERP.A",
                        "open_interest, funding, liquidation, candle: 30m", lyze.url,
                        FAR_AWAY, "history: 10d", "key: any")
        with Server(folder, venue, feeds) as server:
            for name in ("prices", "simple", "derivatives"):
                eventually(lambda: server.metric("runs_total", name) == 1, f"the run of {name}")
                assert server.metric("healthy", name) == 1, server.text()
            wanted = sum(server.metric("events_total", name)
                         for name in ("prices", "simple", "derivatives"))
            tables = ("ticker", "candle", "open_interest", "funding", "liquidation")
            stored = lambda: sum(server.rows(  # noqa: E731
                f"SELECT count(*) FROM {table} WHERE venue LIKE 'coin%'")[0][0]
                for table in tables if server.rows(f"SELECT 1 FROM {table}"))
            eventually(lambda: stored() == wanted, "all events in the database")
            for name, kind, interval_ns, length in (
                    ("coingecko", "candle", 4 * HOUR_NS, 20 * 6),
                    ("coinalyze-a", "candle", HOUR_NS // 2, 10 * 48),
                    ("coinalyze-a", "open_interest", HOUR_NS, 10 * 24),
                    ("coinalyze-a", "funding", HOUR_NS, 10 * 24)):
                extra = f" AND interval_ns = {interval_ns}" if kind == "candle" else ""
                there = server.rows(f"SELECT instrument, count(*) FROM {kind} WHERE venue = '{name}'"
                                    f"{extra} GROUP BY 1")
                for instrument, count in there:
                    missing = server.rows(
                        "SELECT coalesce(sum(to_ns - from_ns), 0) FROM backfill_gap WHERE"
                        f" venue = '{name}' AND instrument = '{instrument}' AND kind = '{kind}'"
                        f" AND interval_ns = {interval_ns}")[0][0] // interval_ns
                    # One more or less where the run was at the end of an interval.
                    assert abs(count + missing - length) <= 1, (name, kind, count, missing, length)
            currencies = {row[0] for row in server.rows(
                "SELECT DISTINCT instrument FROM ticker WHERE venue = 'coingecko'")}
            assert currencies == {"BTC-USD", "ETH-EUR"}
        archived = {path.name for path in pathlib.Path(folder, "archive").iterdir()}
        assert {"kraken", "coingecko", "coinalyze"} <= archived, archived
        # What pollers fetched is kept, and is no stream that could be replayed.
        done = subprocess.run([BINARY, "replay", "--sink", f"sqlite:{folder}/replayed.db",
                               f"{folder}/archive"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done
        with sqlite3.connect(f"{folder}/replayed.db") as database:
            venues = database.execute("SELECT DISTINCT venue FROM ticker").fetchall()
        assert venues == [("kraken",)], venues
        compared = subprocess.run([BINARY, "replay", "--sink", f"sqlite:{folder}/events.db", "--diff",
                                   f"{folder}/archive"], capture_output=True, text=True, timeout=60)
        assert compared.returncode == 0 and ": 0 differ, 0 new, 0 missing" in compared.stdout, compared
        print(f"{wanted:.0f} events of two sources, each stored once, and what is missing in the gaps")


def too_old(venue):
    """Trades that the venue does not give any more are a gap, and the run goes on behind them."""
    with tempfile.TemporaryDirectory() as folder, Simulator("binance-usdm", "BTC-USDT-PERP") as source:
        trades = poller("trades", "binance-usdm", "BTC-USDT-PERP", "trade", source.url, "every: 1h",
                        "history: 4d")
        with Server(folder, venue, trades) as server:
            eventually(lambda: server.metric("runs_total", "trades") == 1, "the run")
            assert server.metric("healthy", "trades") == 1, server.text()
            assert server.metric("runs_failed_total", "trades") == 0, server.text()
            assert "the venue does not give trades so old any more" in server.text()
            begin, end = server.rows("SELECT min(from_ns), max(to_ns) FROM backfill_gap"
                                     " WHERE reason LIKE '%so old any more%'")[0]
            assert 1.9 * 24 * HOUR_NS < end - begin < 2.1 * 24 * HOUR_NS, (begin, end)
        print("two days of four are a gap, and the run is whole")


def wrong_configurations(venue):
    with tempfile.TemporaryDirectory() as folder:
        for source, instruments, feeds, more, words in (
                ("coingeko", "BTC-USD=bitcoin", "ticker", "every: 1h", "unknown source 'coingeko'"),
                ("coingecko", "BTC-USD", "ticker", "every: 1h", "needs the coin's id"),
                ("coingecko", "BTC-USD=bitcoin", "trade", "every: 1h", "tickers and candles"),
                ("coinalyze", "BTC-USDT-PERP=BTCUSDT_PERP.A", "funding", "every: 1h",
                 "nothing without a key"),
                ("bybit", "BTC-USDT", "trade", "every: 1h", "only the latest trades"),
                ("kraken", "BTC-USD=XBT", "trade", "every: 1h", "knows its symbols"),
                ("kraken", "BTC-USD", "trade", "cron: '61 * * * *'", "is no minute"),
                ("kraken", "BTC-USD", "trade", "history: 1d", "either every")):
            path = pathlib.Path(folder) / "c.yaml"
            path.write_text("venues:\n  - venue: kraken\n    instruments: [BTC-USD]\n"
                            "    feeds: [trade]\npollers:\n" +
                            poller("p", source, instruments, feeds, venue.url, more))
            done = subprocess.run([BINARY, "check-config", path], capture_output=True, text=True)
            text = done.stdout + done.stderr
            assert done.returncode == 78 and words in text, (source, feeds, text)
        path.write_text(path.read_text().replace("history: 1d", "every: 1h") +
                        "sinks: [{ kind: none }]\n")
        done = subprocess.run([BINARY, "run", "--config", path, "--seconds", "5"],
                              capture_output=True, text=True, cwd=folder,
                              env=dict(os.environ, FEEDTREE_ALLOW_INSECURE_DEFAULTS="1"))
        assert done.returncode == 1 and "sink of kind sqlite or timescale" in done.stderr, done
    print("what cannot be polled is refused before anything starts")


CASES = (caught_up_once, whole_after_kill, refused_and_keyed, real_answers, simulated_sources, too_old,
         wrong_configurations)

if __name__ == "__main__":
    wanted = sys.argv[1:]
    with Simulator("kraken", "BTC-USD") as kraken:
        for case in CASES:
            if not wanted or case.__name__ in wanted:
                case(kraken)
