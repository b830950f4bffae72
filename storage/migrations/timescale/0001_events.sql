-- One table a kind of event, the same as in the migrations of SQLite. Prices and quantities are
-- exact numerics that keep the digits as sent; what the venue did not say is NULL. An event that
-- comes twice has the same key and stays once.
--
-- The time stands before the key in the primary key, so that it also serves reads of one
-- instrument's span, and new rows go to the end of the index. Text is compared byte by byte.

-- The key is the venue's trade id.
CREATE TABLE trade (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  exchange_ns BIGINT NOT NULL,  -- the venue's clock, nanoseconds since 1970
  exchange_ts TIMESTAMPTZ NOT NULL,  -- the same, cut to microseconds
  receive_ns BIGINT NOT NULL,   -- ours
  state TEXT COLLATE "C" NOT NULL,  -- what the feed was worth then
  price NUMERIC NOT NULL,
  quantity NUMERIC NOT NULL,
  side TEXT COLLATE "C" NOT NULL,  -- the taker's: buy, sell, unknown
  PRIMARY KEY (venue, instrument, exchange_ts, key)
);
SELECT create_hypertable('trade', by_range('exchange_ts', INTERVAL '1 day'),
                         create_default_indexes => FALSE);

-- Changes of order books, and whole ones.
CREATE TABLE book (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  exchange_ns BIGINT NOT NULL,  -- the venue's clock, nanoseconds since 1970
  exchange_ts TIMESTAMPTZ NOT NULL,  -- the same, cut to microseconds
  receive_ns BIGINT NOT NULL,   -- ours
  state TEXT COLLATE "C" NOT NULL,  -- what the feed was worth then
  type TEXT COLLATE "C" NOT NULL,  -- snapshot, delta
  bids JSON NOT NULL,  -- [["price","quantity"],...]; quantity 0 deletes the price
  asks JSON NOT NULL,
  first_update_id NUMERIC(20, 0),  -- the venue's numbers, NULL where it has none
  last_update_id NUMERIC(20, 0),
  previous_update_id NUMERIC(20, 0),
  depth BIGINT,  -- of a snapshot: levels a side that the venue keeps
  checksum BIGINT,  -- the venue's, as 32 bits
  PRIMARY KEY (venue, instrument, exchange_ts, key)
);
SELECT create_hypertable('book', by_range('exchange_ts', INTERVAL '1 day'),
                         create_default_indexes => FALSE);

-- Best bid and offer.
CREATE TABLE quote (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  exchange_ns BIGINT NOT NULL,  -- the venue's clock, nanoseconds since 1970
  exchange_ts TIMESTAMPTZ NOT NULL,  -- the same, cut to microseconds
  receive_ns BIGINT NOT NULL,   -- ours
  state TEXT COLLATE "C" NOT NULL,  -- what the feed was worth then
  bid_price NUMERIC NOT NULL,
  bid_quantity NUMERIC NOT NULL,
  ask_price NUMERIC NOT NULL,
  ask_quantity NUMERIC NOT NULL,
  PRIMARY KEY (venue, instrument, exchange_ts, key)
);
SELECT create_hypertable('quote', by_range('exchange_ts', INTERVAL '1 day'),
                         create_default_indexes => FALSE);

-- The venue's statistics of the last 24 hours.
CREATE TABLE ticker (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  exchange_ns BIGINT NOT NULL,  -- the venue's clock, nanoseconds since 1970
  exchange_ts TIMESTAMPTZ NOT NULL,  -- the same, cut to microseconds
  receive_ns BIGINT NOT NULL,   -- ours
  state TEXT COLLATE "C" NOT NULL,  -- what the feed was worth then
  last_price NUMERIC,
  bid_price NUMERIC,
  bid_quantity NUMERIC,
  ask_price NUMERIC,
  ask_quantity NUMERIC,
  open_price NUMERIC,
  high_price NUMERIC,
  low_price NUMERIC,
  volume NUMERIC,
  quote_volume NUMERIC,
  mark_price NUMERIC,
  index_price NUMERIC,
  PRIMARY KEY (venue, instrument, exchange_ts, key)
);
SELECT create_hypertable('ticker', by_range('exchange_ts', INTERVAL '7 days'),
                         create_default_indexes => FALSE);

-- Each state of a candle is a row; the last one of an open_ns is the candle.
CREATE TABLE candle (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  exchange_ns BIGINT NOT NULL,  -- the venue's clock, nanoseconds since 1970
  exchange_ts TIMESTAMPTZ NOT NULL,  -- the same, cut to microseconds
  receive_ns BIGINT NOT NULL,   -- ours
  state TEXT COLLATE "C" NOT NULL,  -- what the feed was worth then
  interval_ns BIGINT NOT NULL,
  open_ns BIGINT NOT NULL,  -- begin of the interval
  open NUMERIC NOT NULL,
  high NUMERIC NOT NULL,
  low NUMERIC NOT NULL,
  close NUMERIC NOT NULL,
  volume NUMERIC NOT NULL,
  quote_volume NUMERIC,
  trades BIGINT,
  closed BOOLEAN NOT NULL,  -- the venue says that the interval is over
  PRIMARY KEY (venue, instrument, exchange_ts, key)
);
SELECT create_hypertable('candle', by_range('exchange_ts', INTERVAL '7 days'),
                         create_default_indexes => FALSE);

-- Funding rates of perpetuals.
CREATE TABLE funding (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  exchange_ns BIGINT NOT NULL,  -- the venue's clock, nanoseconds since 1970
  exchange_ts TIMESTAMPTZ NOT NULL,  -- the same, cut to microseconds
  receive_ns BIGINT NOT NULL,   -- ours
  state TEXT COLLATE "C" NOT NULL,  -- what the feed was worth then
  rate NUMERIC NOT NULL,
  mark_price NUMERIC,
  index_price NUMERIC,
  predicted_rate NUMERIC,
  next_funding_ns BIGINT,
  PRIMARY KEY (venue, instrument, exchange_ts, key)
);
SELECT create_hypertable('funding', by_range('exchange_ts', INTERVAL '7 days'),
                         create_default_indexes => FALSE);

-- Open contracts.
CREATE TABLE open_interest (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  exchange_ns BIGINT NOT NULL,  -- the venue's clock, nanoseconds since 1970
  exchange_ts TIMESTAMPTZ NOT NULL,  -- the same, cut to microseconds
  receive_ns BIGINT NOT NULL,   -- ours
  state TEXT COLLATE "C" NOT NULL,  -- what the feed was worth then
  quantity NUMERIC NOT NULL,
  value NUMERIC,
  PRIMARY KEY (venue, instrument, exchange_ts, key)
);
SELECT create_hypertable('open_interest', by_range('exchange_ts', INTERVAL '7 days'),
                         create_default_indexes => FALSE);

-- Forced orders.
CREATE TABLE liquidation (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  exchange_ns BIGINT NOT NULL,  -- the venue's clock, nanoseconds since 1970
  exchange_ts TIMESTAMPTZ NOT NULL,  -- the same, cut to microseconds
  receive_ns BIGINT NOT NULL,   -- ours
  state TEXT COLLATE "C" NOT NULL,  -- what the feed was worth then
  price NUMERIC NOT NULL,
  quantity NUMERIC NOT NULL,
  side TEXT COLLATE "C" NOT NULL,  -- of the forced order
  PRIMARY KEY (venue, instrument, exchange_ts, key)
);
SELECT create_hypertable('liquidation', by_range('exchange_ts', INTERVAL '7 days'),
                         create_default_indexes => FALSE);
