"""Prints the best levels of a book at the end of a file of events: FILE VENUE INSTRUMENT LEVELS.

Reads JSON Lines as feedtree writes them and shares no code with it.
"""
import json
import sys
from decimal import Decimal


def main(path, venue, instrument, levels):
    sides = {"bids": {}, "asks": {}}
    depth = None
    for line in open(path, encoding="utf-8"):
        event = json.loads(line)
        if event["kind"] != "book" or (event["venue"], event["instrument"]) != (venue, instrument):
            continue
        if event["type"] == "snapshot":
            sides = {"bids": {}, "asks": {}}
            depth = event.get("depth")
        for name, side in sides.items():
            for price, quantity in event[name]:
                side.pop(Decimal(price), None)
                if Decimal(quantity) != 0:
                    side[Decimal(price)] = [price, quantity]
            if depth:
                for price in sorted(side, reverse=name == "bids")[int(depth):]:
                    del side[price]
    best = {name: [side[price] for price in sorted(side, reverse=name == "bids")[:int(levels)]]
            for name, side in sides.items()}
    print(json.dumps(best, separators=(",", ":")))


main(*sys.argv[1:])
