-- A side without orders has neither price nor quantity. SQLite cannot take NOT NULL from a column.
CREATE TABLE quote_with_absent (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,  -- the venue's clock, nanoseconds since 1970
  receive_ns INTEGER NOT NULL,   -- ours
  state TEXT NOT NULL,           -- what the feed was worth then
  bid_price TEXT,                -- NULL: nobody bids
  bid_quantity TEXT,
  ask_price TEXT,                -- NULL: nobody offers
  ask_quantity TEXT,
  PRIMARY KEY (venue, instrument, key, exchange_ns)
) WITHOUT ROWID;
INSERT INTO quote_with_absent
  SELECT venue, instrument, key, exchange_ns, receive_ns, state,
         bid_price, bid_quantity, ask_price, ask_quantity FROM quote;
DROP TABLE quote;
ALTER TABLE quote_with_absent RENAME TO quote;
