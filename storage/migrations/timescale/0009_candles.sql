-- Candles that are built from trades stand beside those of the venue.
ALTER TABLE candle ADD COLUMN source TEXT COLLATE "C" NOT NULL DEFAULT 'venue';  -- venue, trades
-- Of source trades; NULL of the venue's own.
ALTER TABLE candle ADD COLUMN revision BIGINT;  -- how often it was corrected; the highest counts
ALTER TABLE candle ADD COLUMN complete BOOLEAN;  -- no trade of it is known to be missing
