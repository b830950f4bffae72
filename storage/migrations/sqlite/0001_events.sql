-- One table a kind of event. Prices and quantities are decimals as TEXT with the digits as sent;
-- what the venue did not say is NULL. An event that comes twice has the same key and stays once.

-- The key is the venue's trade id.
CREATE TABLE trade (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,  -- the venue's clock, nanoseconds since 1970
  receive_ns INTEGER NOT NULL,   -- ours
  state TEXT NOT NULL,           -- what the feed was worth then
  price TEXT NOT NULL,
  quantity TEXT NOT NULL,
  side TEXT NOT NULL,  -- the taker's: buy, sell, unknown
  PRIMARY KEY (venue, instrument, key, exchange_ns)
) WITHOUT ROWID;

-- Changes of order books, and whole ones.
CREATE TABLE book (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,  -- the venue's clock, nanoseconds since 1970
  receive_ns INTEGER NOT NULL,   -- ours
  state TEXT NOT NULL,           -- what the feed was worth then
  type TEXT NOT NULL,  -- snapshot, delta
  bids TEXT NOT NULL,  -- [["price","quantity"],...]; quantity 0 deletes the price
  asks TEXT NOT NULL,
  first_update_id,     -- untyped: integers, and one beyond 63 bits exact as text
  last_update_id,
  previous_update_id,
  depth INTEGER,       -- of a snapshot: levels a side that the venue keeps
  checksum INTEGER,    -- the venue's, as 32 bits
  PRIMARY KEY (venue, instrument, key, exchange_ns)
) WITHOUT ROWID;

-- Best bid and offer.
CREATE TABLE quote (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,  -- the venue's clock, nanoseconds since 1970
  receive_ns INTEGER NOT NULL,   -- ours
  state TEXT NOT NULL,           -- what the feed was worth then
  bid_price TEXT NOT NULL,
  bid_quantity TEXT NOT NULL,
  ask_price TEXT NOT NULL,
  ask_quantity TEXT NOT NULL,
  PRIMARY KEY (venue, instrument, key, exchange_ns)
) WITHOUT ROWID;

-- The venue's statistics of the last 24 hours.
CREATE TABLE ticker (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,  -- the venue's clock, nanoseconds since 1970
  receive_ns INTEGER NOT NULL,   -- ours
  state TEXT NOT NULL,           -- what the feed was worth then
  last_price TEXT,
  bid_price TEXT,
  bid_quantity TEXT,
  ask_price TEXT,
  ask_quantity TEXT,
  open_price TEXT,
  high_price TEXT,
  low_price TEXT,
  volume TEXT,
  quote_volume TEXT,
  mark_price TEXT,
  index_price TEXT,
  PRIMARY KEY (venue, instrument, key, exchange_ns)
) WITHOUT ROWID;

-- Each state of a candle is a row; the last one of an open_ns is the candle.
CREATE TABLE candle (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,  -- the venue's clock, nanoseconds since 1970
  receive_ns INTEGER NOT NULL,   -- ours
  state TEXT NOT NULL,           -- what the feed was worth then
  interval_ns INTEGER NOT NULL,
  open_ns INTEGER NOT NULL,  -- begin of the interval
  open TEXT NOT NULL,
  high TEXT NOT NULL,
  low TEXT NOT NULL,
  close TEXT NOT NULL,
  volume TEXT NOT NULL,
  quote_volume TEXT,
  trades INTEGER,
  closed INTEGER NOT NULL,   -- 1: the venue says that the interval is over
  PRIMARY KEY (venue, instrument, key, exchange_ns)
) WITHOUT ROWID;

-- Funding rates of perpetuals.
CREATE TABLE funding (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,  -- the venue's clock, nanoseconds since 1970
  receive_ns INTEGER NOT NULL,   -- ours
  state TEXT NOT NULL,           -- what the feed was worth then
  rate TEXT NOT NULL,
  mark_price TEXT,
  index_price TEXT,
  predicted_rate TEXT,
  next_funding_ns INTEGER,
  PRIMARY KEY (venue, instrument, key, exchange_ns)
) WITHOUT ROWID;

-- Open contracts.
CREATE TABLE open_interest (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,  -- the venue's clock, nanoseconds since 1970
  receive_ns INTEGER NOT NULL,   -- ours
  state TEXT NOT NULL,           -- what the feed was worth then
  quantity TEXT NOT NULL,
  value TEXT,
  PRIMARY KEY (venue, instrument, key, exchange_ns)
) WITHOUT ROWID;

-- Forced orders.
CREATE TABLE liquidation (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,  -- the venue's clock, nanoseconds since 1970
  receive_ns INTEGER NOT NULL,   -- ours
  state TEXT NOT NULL,           -- what the feed was worth then
  price TEXT NOT NULL,
  quantity TEXT NOT NULL,
  side TEXT NOT NULL,  -- of the forced order
  PRIMARY KEY (venue, instrument, key, exchange_ns)
) WITHOUT ROWID;
