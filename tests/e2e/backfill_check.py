"""feedtree backfill against simulated venues: killed and resumed, refused, with a gap report."""
import os, pty, re, signal, sqlite3, subprocess, sys, tempfile, time

from plain_simulator import Simulator

BINARY = os.environ["FEEDTREE_BINARY"]


def command(venue, instrument, url, path, *more):
    return [BINARY, "backfill", "--venue", venue, "--instrument", instrument, "--rest-url", url,
            "--sink", "sqlite:" + path, *more]


def run(*arguments, code=0):
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=200)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def rows(path, sql):
    with sqlite3.connect(path, timeout=10) as database:
        return database.execute(sql).fetchall()


def count(path, table):
    try:
        return rows(path, f"SELECT count(*) FROM {table}")[0][0]
    except sqlite3.OperationalError:
        return 0


CANDLES = ("SELECT venue, instrument, key, exchange_ns, interval_ns, open_ns, open, high, low, close,"
           " volume, quote_volume, trades, closed FROM candle ORDER BY venue, instrument, key")
TRADES = ("SELECT venue, instrument, key, exchange_ns, price, quantity, side FROM trade"
          " ORDER BY venue, instrument, exchange_ns, key")


def killed_and_resumed(folder):
    """kill -9 in the middle and the same command again: the same rows as without, each once."""
    period = ("--interval", "1m", "--from", "2026-01-01", "--to", "2026-02-01")
    whole, cut = folder + "/whole.db", folder + "/cut.db"
    with Simulator("binance", "BTC-USDT") as venue:
        out = run("binance", "BTC-USDT", venue.url, whole, *period)
        slow = ("--parallel", "1")
        kills = 0
        while kills < 3:
            before = count(cut, "candle")
            process = subprocess.Popen(command("binance", "BTC-USDT", venue.url, cut, *period, *slow),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while count(cut, "candle") <= before and process.poll() is None:
                time.sleep(0.002)
            if process.poll() is not None:
                break
            process.kill()
            process.wait()
            kills += 1
        assert kills > 0, "it was over before it could be killed"
        stored = count(cut, "candle")
        run("binance", "BTC-USDT", venue.url, cut, *period)
    want = rows(whole, CANDLES)
    assert stored < len(want), (stored, len(want))
    assert rows(cut, CANDLES) == want
    minutes = 31 * 24 * 60
    missing = int(rows(whole, "SELECT sum((to_ns - from_ns) / 60000000000) FROM backfill_gap")[0][0])
    assert len(want) + missing == minutes and missing > 0, (len(want), missing)
    assert rows(cut, "SELECT * FROM backfill_gap ORDER BY 5") == rows(
        whole, "SELECT * FROM backfill_gap ORDER BY 5")
    assert re.search(r"gaps: [1-9]", out) and "no candle here" in out, out
    print(f"killed {kills} times, the last time at {stored} rows: {len(want)} candles once, "
          f"{missing} minutes in the gap report")


def nothing_twice(folder):
    """The same again asks for nothing; more time fetches what is new only."""
    path = folder + "/again.db"
    with Simulator("okx", "BTC-USDT") as venue:
        run("okx", "BTC-USDT", venue.url, path, "--interval", "1h", "--from", "2026-01-01", "--to",
            "2026-02-01")
        first = count(path, "candle")
        out = run("okx", "BTC-USDT", venue.url, path, "--interval", "1h", "--from", "2026-01-01",
                  "--to", "2026-02-01")
        assert " 0 rows fetched" in out, out
        assert count(path, "candle") == first
    print(f"again: {first} candles, nothing fetched")


def refused(folder):
    """429 with Retry-After: waited for, and then whole."""
    path = folder + "/refused.db"
    with Simulator("bybit", "BTC-USDT-PERP", "--fault",
                   "rate_limit:every=3,times=2,retry=1s") as venue:
        out = run("bybit", "BTC-USDT-PERP", venue.url, path, "--interval", "1m", "--from",
                  "2026-01-01", "--to", "2026-01-06")
    refusals = int(re.search(r"(\d+) refused", out).group(1))
    assert refusals >= 1, out
    missing = rows(path, "SELECT sum((to_ns - from_ns) / 60000000000) FROM backfill_gap")[0][0] or 0
    assert count(path, "candle") + missing == 5 * 24 * 60
    print(f"refused {refusals} times, whole all the same")


def too_old(folder):
    """Trades that Binance USD-M does not give any more: a gap that says so, asked for once."""
    path = folder + "/old.db"
    with Simulator("binance-usdm", "BTC-USDT-PERP", "--rate", "200") as venue:
        time.sleep(3)
        def ask():
            return run("binance-usdm", "BTC-USDT-PERP", venue.url, path, "--kind", "trades",
                       "--from", "6d")

        outs = [ask()]
        days = rows(path, "SELECT sum(to_ns - from_ns) / 86400e9 FROM backfill_gap")[0][0]
        outs.append(ask())
    assert "trades so old any more (-4166: Search window" in outs[0], outs[0]
    assert count(path, "trade") > 10, outs[0]
    assert 3.9 < days < 4.1, days
    requests = [int(re.search(r"(\d+) requests", out).group(1)) for out in outs]
    assert requests[1] < requests[0] <= 80, requests
    print(f"{days:.2f} of 6 days are passed over, {requests[0]} requests, then {requests[1]}")


def shows_progress(folder):
    """On a terminal: a bar, rows, their rate, and the time left, which comes to its end; and side by
    side is not faster than the venue allows."""
    path = folder + "/progress.db"
    with Simulator("coinbase", "BTC-USD") as venue:
        near, far = pty.openpty()
        begun = time.monotonic()
        process = subprocess.Popen(
            command("coinbase", "BTC-USD", venue.url, path, "--interval", "1m", "--from",
                    "2026-01-01", "--to", "2026-01-15", "--parallel", "8"),
            stdout=subprocess.PIPE, stderr=far, text=True)
        os.close(far)
        text = ""
        try:
            while True:
                text += os.read(near, 4096).decode()
        except OSError:  # the terminal's other end is closed
            pass
        out = process.communicate()[0]
        took = time.monotonic() - begun
        os.close(near)
    assert process.returncode == 0, text
    lines = re.findall(r"\[([#.]{24})\]\s+([\d.]+) %  (\d+) rows  (\d+) rows/s  (\d+) requests,"
                       r" \d+ refused  (\S+) left", text)
    assert len(lines) >= 3, text
    done = [float(line[1]) for line in lines]
    assert done == sorted(done) and done[0] < 100, done
    assert any(int(line[3]) > 0 and line[5] != "?" for line in lines), lines
    requests = int(re.search(r"(\d+) requests", out).group(1))
    # Ten a second, of which half may be spent at once: adapters/venues/coinbase.cpp.
    assert requests >= 58 and took >= (requests - 10) / 10, (requests, took)
    print(f"{len(lines)} looks at the bar; {requests} requests of 8 at a time in {took:.1f} s")


def every_venue(folder):
    """Candles of those that the cases above leave out, over 19 days of whole hours."""
    end = int(time.time()) // 86400 * 86400
    moments = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end - days * 86400))
               for days in (20, 1)]
    for venue, instrument in (("kraken", "BTC-USD"), ("kraken-futures", "BTC-USD-PERP"),
                              ("coinbase", "BTC-USD"), ("binance-usdm", "BTC-USDT-PERP"),
                              ("binance-coinm", "BTC-USD-BTC-PERP"), ("okx", "BTC-USDT-PERP")):
        path = f"{folder}/{venue}.db"
        with Simulator(venue, instrument) as simulator:
            run(venue, instrument, simulator.url, path, "--interval", "1h", "--from",
                moments[0], "--to", moments[1])
        stored = count(path, "candle")
        missing = rows(path, "SELECT sum((to_ns - from_ns) / 3600000000000) FROM backfill_gap")[0][0]
        assert stored + (missing or 0) == 19 * 24, (venue, stored, missing)
        print(f"{venue}: {stored} candles, {missing or 0} not there")


def trades_as_live(folder):
    """A backfill over what was recorded live stores nothing twice."""
    for venue, instrument in (("kraken", "BTC-USD"), ("binance", "BTC-USDT"),
                              ("coinbase", "BTC-USD"), ("kraken-futures", "BTC-USD-PERP")):
        path = f"{folder}/live-{venue}.db"
        config = f"{folder}/{venue}.yaml"
        with Simulator(venue, instrument, "--rate", "300", "--move-for", "12") as simulator:
            with open(config, "w") as file:
                file.write(f"""venues:
  - venue: {venue}
    instruments: [{instrument}]
    feeds: [trade]
    websocket_url: {simulator.url.replace("http", "ws")}
    rest_url: {simulator.url}
journal: {{ path: {folder}/{venue}.journal }}
http: {{ listen: 127.0.0.1:0 }}
sinks:
  - kind: none
  - kind: sqlite
    path: {path}
""")
            environment = dict(os.environ, FEEDTREE_ALLOW_INSECURE_DEFAULTS="1")
            live = subprocess.run([BINARY, "run", "--config", config, "--seconds", "10"],
                                  env=environment, capture_output=True, text=True, timeout=120)
            assert live.returncode == 0, live.stderr
            simulator.wait_for("markets rest")
            streamed = rows(path, TRADES)
            assert len(streamed) > 20, (venue, len(streamed))
            out = run(venue, instrument, simulator.url, path, "--kind", "trades", "--from", "5m")
        both = rows(path, TRADES)
        assert set(streamed) <= set(both), venue
        keys = [(row[0], row[1], row[2]) for row in both]
        assert len(keys) == len(set(keys)), f"{venue}: a trade is there twice"
        there = int(re.search(r"(\d+) of them there already", out).group(1))
        assert there >= len(streamed), (venue, out)
        print(f"{venue}: {len(streamed)} trades live, {len(both)} with the backfill, none twice")


def wrong_questions(folder):
    for options, words in (
            (dict(venue="bybit", kind="trades"), "only the latest trades"),
            (dict(venue="nowhere"), "of these it is"),
            (dict(venue="kraken", interval="7m"), "kraken has candles of"),
            (dict(venue="kraken", begin="soon"), "is no time")):
        arguments = [BINARY, "backfill", "--instrument", "BTC-USD", "--sink",
                     f"sqlite:{folder}/none.db", "--venue", options["venue"], "--from",
                     options.get("begin", "1d"), "--kind", options.get("kind", "candles"),
                     "--interval", options.get("interval", "1m")]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and words in done.stderr, (arguments, done)
    assert not os.path.exists(folder + "/none.db")
    print("what cannot be had is refused before anything is asked for")


def says_what_it_waits_for(folder):
    """A venue that is away: why it asks again is said while it does so, and not only at the end."""
    process = subprocess.Popen(
        command("binance", "BTC-USDT", "http://127.0.0.1:1", folder + "/away.db", "--interval", "1m",
                "--from", "1d"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    line = process.stderr.readline()
    assert process.poll() is None, "it gave up at once"
    assert re.search(r"% .* left; asks again: .*127\.0\.0\.1", line), line
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=30)[1]
    assert process.returncode != 0, rest
    print(line.strip())


CASES = (killed_and_resumed, nothing_twice, refused, too_old, shows_progress, every_venue, trades_as_live,
         says_what_it_waits_for, wrong_questions)

if __name__ == "__main__":
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as where:
        for case in CASES:
            if not wanted or case.__name__ in wanted:
                case(where)
