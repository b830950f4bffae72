-- How far backfills are, a row for each of their parts, and what the venues did not have.
CREATE TABLE backfill (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,          -- candle, trade
  interval_ns BIGINT NOT NULL,   -- 0 for trades
  from_ns BIGINT NOT NULL,       -- the part is [from_ns, to_ns), nanoseconds since 1970
  to_ns BIGINT NOT NULL,
  next_ns BIGINT NOT NULL,       -- everything before this is in the tables
  first_id TEXT COLLATE "C" NOT NULL,      -- of trades that are numbered; 0: none
  last_id TEXT COLLATE "C" NOT NULL,
  step_ns BIGINT NOT NULL,
  done BIGINT NOT NULL,          -- 1: the part is whole
  row_count BIGINT NOT NULL,     -- that were fetched
  PRIMARY KEY (venue, instrument, kind, interval_ns, from_ns, to_ns)
);

CREATE TABLE backfill_gap (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  interval_ns BIGINT NOT NULL,
  from_ns BIGINT NOT NULL,
  to_ns BIGINT NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (venue, instrument, kind, interval_ns, from_ns, to_ns, reason)
);
