-- How far backfills are, a row for each of their parts, and what the venues did not have.
CREATE TABLE backfill (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  kind TEXT NOT NULL,          -- candle, trade
  interval_ns INTEGER NOT NULL,   -- 0 for trades
  from_ns INTEGER NOT NULL,       -- the part is [from_ns, to_ns), nanoseconds since 1970
  to_ns INTEGER NOT NULL,
  next_ns INTEGER NOT NULL,       -- everything before this is in the tables
  first_id TEXT NOT NULL,      -- of trades that are numbered; 0: none
  last_id TEXT NOT NULL,
  step_ns INTEGER NOT NULL,
  done INTEGER NOT NULL,          -- 1: the part is whole
  row_count INTEGER NOT NULL,     -- that were fetched
  PRIMARY KEY (venue, instrument, kind, interval_ns, from_ns, to_ns)
) WITHOUT ROWID;

CREATE TABLE backfill_gap (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  kind TEXT NOT NULL,
  interval_ns INTEGER NOT NULL,
  from_ns INTEGER NOT NULL,
  to_ns INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (venue, instrument, kind, interval_ns, from_ns, to_ns, reason)
) WITHOUT ROWID;
