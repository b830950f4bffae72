"""Prints what the demo received, published and stored; fails if it does not add up."""
import json
import sqlite3
import sys

summary_path, database_path = sys.argv[1:3]
with open(summary_path, encoding="utf-8") as file:
    summary = json.load(file)

frames, events, checks = summary["frames"], summary["events"], summary["continuity"]
total = sum(events.values())
tables = ["trade", "book", "quote", "ticker", "candle", "funding", "open_interest", "liquidation",
          "status", "gap"]
with sqlite3.connect(database_path) as database:
    rows = {name: database.execute(f"select count(*) from {name}").fetchone()[0] for name in tables}

print("Received   {received} frames: {decoded} decoded, {ignored} ignored, {rejected} rejected"
      .format(**frames))
print("Checked    {} checksums and sequences held, {} failed".format(
    checks["checksum_ok"] + checks["sequence_ok"],
    checks["checksum_failed"] + checks["sequence_gaps"]))
print("Published  {} events on NATS".format(summary["sinks"]["nats"]["delivered"]))
print("Stored     {} rows in {}".format(sum(rows.values()), database_path))
print("           " + ", ".join(f"{count} {name}" for name, count in rows.items() if count))

problems = [f"{name}: {events[name]} events, {rows[name]} rows" for name in tables
            if events[name] != rows[name]]
if summary["sinks"]["nats"]["delivered"] != total:
    problems.append("NATS was given {} of {} events".format(
        summary["sinks"]["nats"]["delivered"], total))
if total == 0:
    problems.append("no events at all")
for problem in problems:
    print("demo: does not add up: " + problem, file=sys.stderr)
sys.exit(1 if problems else 0)
