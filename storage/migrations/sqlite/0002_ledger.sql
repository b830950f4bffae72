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

-- Frames that could not be read, and events that broke a rule.
CREATE TABLE quarantine (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,  -- empty where it is not known
  key TEXT NOT NULL,
  receive_ns INTEGER NOT NULL,
  rule TEXT NOT NULL,        -- decode: the frame could not be read
  reason TEXT NOT NULL,
  excerpt TEXT NOT NULL,     -- of the frame, or the event's id
  PRIMARY KEY (venue, instrument, key, receive_ns)
) WITHOUT ROWID;
