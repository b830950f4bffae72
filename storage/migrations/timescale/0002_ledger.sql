-- What happened to the data itself.

-- Changes of a feed's state.
CREATE TABLE status (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  exchange_ns BIGINT NOT NULL,  -- the venue's clock, nanoseconds since 1970
  exchange_ts TIMESTAMPTZ NOT NULL,  -- the same, cut to microseconds
  receive_ns BIGINT NOT NULL,   -- ours
  state TEXT COLLATE "C" NOT NULL,  -- what the feed was worth then
  feed TEXT COLLATE "C" NOT NULL,  -- the kind whose state changed
  from_state TEXT COLLATE "C" NOT NULL,
  to_state TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (venue, instrument, exchange_ts, key)
);
SELECT create_hypertable('status', by_range('exchange_ts', INTERVAL '7 days'),
                         create_default_indexes => FALSE);

-- What is missing or not to be trusted, from when to when, and why.
CREATE TABLE gap (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  exchange_ns BIGINT NOT NULL,  -- the venue's clock, nanoseconds since 1970
  exchange_ts TIMESTAMPTZ NOT NULL,  -- the same, cut to microseconds
  receive_ns BIGINT NOT NULL,   -- ours
  state TEXT COLLATE "C" NOT NULL,  -- what the feed was worth then
  feed TEXT COLLATE "C" NOT NULL,
  cause TEXT COLLATE "C" NOT NULL,
  detail TEXT COLLATE "C" NOT NULL,
  begin_ns BIGINT NOT NULL,  -- receive time of the last good message
  end_ns BIGINT,  -- of the message that ended it; NULL while it is open
  recovered BOOLEAN NOT NULL,
  PRIMARY KEY (venue, instrument, exchange_ts, key)
);

-- Frames that could not be read, events that broke a rule, and rows that this database refused.
CREATE TABLE quarantine (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,  -- empty where it is not known
  key TEXT COLLATE "C" NOT NULL,
  receive_ns BIGINT NOT NULL,
  rule TEXT COLLATE "C" NOT NULL,        -- decode: the frame could not be read; database: see reason
  reason TEXT COLLATE "C" NOT NULL,
  excerpt TEXT COLLATE "C" NOT NULL,     -- of the frame, or the event's id
  PRIMARY KEY (venue, instrument, key, receive_ns)
);
