-- Candles that are built from trades stand beside those of the venue.
ALTER TABLE candle ADD COLUMN source TEXT NOT NULL DEFAULT 'venue';  -- venue, trades
-- Of source trades; NULL of the venue's own.
ALTER TABLE candle ADD COLUMN revision INTEGER;  -- how often it was corrected; the highest counts
ALTER TABLE candle ADD COLUMN complete INTEGER;  -- 1: no trade of it is known to be missing
