-- What happened to the data itself.

-- Changes of a feed's state.
CREATE TABLE status (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,  -- the venue's clock, nanoseconds since 1970
  receive_ns INTEGER NOT NULL,   -- ours
  state TEXT NOT NULL,           -- what the feed was worth then
  feed TEXT NOT NULL,       -- the kind whose state changed
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (venue, instrument, key, exchange_ns)
) WITHOUT ROWID;

-- What is missing or not to be trusted, from when to when, and why.
CREATE TABLE gap (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,  -- the venue's clock, nanoseconds since 1970
  receive_ns INTEGER NOT NULL,   -- ours
  state TEXT NOT NULL,           -- what the feed was worth then
  feed TEXT NOT NULL,
  cause TEXT NOT NULL,
  detail TEXT NOT NULL,
  begin_ns INTEGER NOT NULL,  -- receive time of the last good message
  end_ns INTEGER,             -- of the message that ended it; NULL while it is open
  recovered INTEGER NOT NULL,
  PRIMARY KEY (venue, instrument, key, exchange_ns)
) WITHOUT ROWID;

-- Events that a rule kept out of the tables of their kind.
CREATE TABLE quarantine (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,  -- the venue's clock, nanoseconds since 1970
  receive_ns INTEGER NOT NULL,   -- ours
  state TEXT NOT NULL,           -- what the feed was worth then
  kind TEXT NOT NULL,
  rule TEXT NOT NULL,      -- which rule it broke
  reason TEXT NOT NULL,
  body TEXT NOT NULL,      -- the event as JSON
  PRIMARY KEY (venue, instrument, key, exchange_ns)
) WITHOUT ROWID;
