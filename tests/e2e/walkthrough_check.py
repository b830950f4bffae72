"""Four troubles, one after another, as the dashboard shows them: a mute venue, a sink that stands still, a
gap, an actor that crashes again and again. Within ten seconds of the server knowing of it, the page says in
words what, where, since when, and what can be done. Run by ctest.

With FEEDTREE_SCREENSHOTS=FOLDER pictures are kept there; those of docs/images are from here."""
import pathlib
import re
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from browsed import PICTURES, Page  # noqa: E402
from served import Served, TOKEN, eventually  # noqa: E402

VENUES = ("kraken", "binance", "okx")
# Faults begin when every book is live.
LATER = "after=20s"
SHOWN_WITHIN_S = 10


class Walkthrough(unittest.TestCase):
    def start(self, **settings):
        served = Served(**{"venues": VENUES, "token": TOKEN, **settings}).__enter__()
        self.addCleanup(served.__exit__)
        served.wait_until_ready()
        page = Page(served, width=1280, height=1040)
        self.addCleanup(page.close)
        page.open()
        page.until(lambda: "Everything works" in page.text("#problems"), "all is well at first")
        return served, page

    def problem(self, served, component):
        """What the server itself knows of it."""
        return next((each for each in served.json("/api/v1/overview")["problems"]
                     if each["component"] == component), None)

    def shown(self, page, box, *words):
        """Waits until one line of the page has all of these words; that line."""
        begin = time.monotonic()
        lines = ("return [...document.querySelectorAll(arguments[0] + ' .problem')]"
                 ".map((node) => node.innerText)")

        def look():
            return next((line for line in page.driver.execute_script(lines, box)
                         if all(word in line for word in words)), None)
        line = page.until(look, f"a line with {words}")
        self.assertLess(time.monotonic() - begin, SHOWN_WITHIN_S)
        # Above the fold: it is seen without scrolling.
        bottom = page.driver.execute_script(
            "return document.querySelector(arguments[0] + ' .problem').getBoundingClientRect().bottom", box)
        self.assertLess(bottom, 600)
        return line

    def keep(self, page, name):
        """Its picture, as it is after some seconds of the trouble."""
        page.until(lambda: re.search(r"for ([3-9]|\d\d) s", page.text("#problems")), "some seconds")
        page.picture(name)

    def says_since_when_and_what_to_do(self, line):
        self.assertRegex(line, r"since \d\d:\d\d:\d\d, for \d+")
        self.assertRegex(line, r"What to do: \w+")

    def test_a_mute_venue(self):
        served, page = self.start(faults={"kraken": [f"mute:{LATER},for=60s", f"refuse:{LATER},for=60s"]})
        if PICTURES:
            page.until(lambda: re.search(r"up 1\d s", page.text("#version")), "a while of good work")
            page.picture("dashboard")
        eventually(lambda: self.problem(served, "venue kraken"), "the server knows", 60)
        line = self.shown(page, "#problems", "venue kraken", "no connection is open", "silent", "last data at")
        self.says_since_when_and_what_to_do(line)
        self.assertIn("connecting", page.text("[data-venue=kraken]"))
        self.assertIn("BTC-USD book", self.shown(page, "#losses", "open", "(silence)"))
        for venue in ("binance", "okx"):
            self.assertIn("live", page.text(f"[data-venue={venue}]"))
        self.keep(page, "mute-venue")
        self.assertEqual(page.problems(), [])

    def test_a_sink_that_stands_still(self):
        served, page = self.start()
        lock = sqlite3.connect(served.folder / "events.db", timeout=10)
        self.addCleanup(lock.close)
        lock.execute("BEGIN EXCLUSIVE")
        eventually(lambda: self.problem(served, "sink sqlite"), "the server knows", 60)
        line = self.shown(page, "#problems", "sink sqlite", "database is locked")
        self.says_since_when_and_what_to_do(line)
        self.assertIn("nothing is lost", line)
        self.assertIn("failing", page.text("[data-sink=sqlite]"))
        self.assertIn("ok", page.text("[data-sink=none]"))
        self.keep(page, "stalled-sink")
        lock.rollback()
        page.until(lambda: "Everything works" in page.text("#problems"), "it has caught up")
        self.assertEqual(page.problems(), [])

    def test_a_gap(self):
        fault = f"drop:{LATER},every=40,times=1,instrument=BTC-USD,kind=book"
        served, page = self.start(faults={"kraken": [fault]})
        gap = eventually(lambda: next(iter(served.json("/api/v1/gaps?venue=kraken")["gaps"]), None),
                         "the server knows", 60)
        line = self.shown(page, "#losses", "kraken BTC-USD book", f"({gap['cause']})", "recovered")
        self.assertRegex(line, r"lasted [\d.]+ (ms|s), repaired by")
        self.assertRegex(line, r"last at \d\d:\d\d:\d\d")
        self.assertIn("What to do: Nothing", line)
        self.assertNotIn("ETH-USD", line)
        page.until(lambda: "1 recent" in page.text("#tiles") and "gap" in page.text("#timeline"),
                   "the tile and what happened")
        page.picture("gap")
        self.assertEqual(page.problems(), [])

    def test_an_actor_that_crashes_again_and_again(self):
        served, page = self.start(config="restart: {intensity: 100, max: 1s}\n")
        # What no retry mends: somebody has removed a table by hand.
        with sqlite3.connect(served.folder / "events.db", timeout=30) as database:
            database.execute("DROP TABLE trade")
        path = "root/sinks/sqlite"
        eventually(lambda: (served.json("/api/v1/actors/" + path)["failures_lately"] >= 3), "crashes", 60)
        line = self.shown(page, "#problems", "actor " + path, "fails again and again", " failures in five minutes)")
        self.says_since_when_and_what_to_do(line)
        page.until(lambda: page.text("#count-actors") != "", "the badge of the tab")
        page.until(lambda: "failing" in page.text("[data-sink=sqlite]"), "the card")
        self.keep(page, "crash-loop")
        page.open("actors")
        row = f"#actors tr[data-path='{path}']"
        page.until(lambda: int(page.text(row + " td:nth-child(6)") or "0") >= 3, "restarts")
        self.assertIn("no such table", page.text(row))
        page.picture("crash-loop-actors")
        self.assertEqual(page.problems(), [])


if __name__ == "__main__":
    unittest.main(warnings="ignore")
