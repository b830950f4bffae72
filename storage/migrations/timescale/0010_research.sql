-- Tables for research, as views on daily candles. Each row says from when to when it was what was
-- known (known_from_ns up to known_until_ns, which is NULL while it is), so that
--   WHERE known_from_ns <= T AND (known_until_ns IS NULL OR known_until_ns > T)
-- is what was known at T, whatever came later. Another formula is another version of the view.

-- Open, high, low, close and volume of each day (UTC): every version of each closed candle.
CREATE VIEW research_daily_v1 AS
SELECT venue, instrument, source, open_ns, open, high, low, close, volume, quote_volume, trades,
       revision, known_from_ns, known_until_ns
FROM (
  SELECT venue, instrument, source, open_ns, open, high, low, close, volume, quote_volume, trades,
         revision, closed, receive_ns AS known_from_ns,
         LEAD(receive_ns) OVER (PARTITION BY venue, instrument, source, open_ns
                                ORDER BY receive_ns, closed, exchange_ns, revision, key) AS known_until_ns
  FROM candle
  WHERE interval_ns = 86400000000000
) AS states
WHERE closed AND (known_until_ns IS NULL OR known_until_ns > known_from_ns);

-- Of each day, from what was known of it and of the 30 days before it: the return against the day
-- before, momentum over 7 and 30 days (close / close so many days before - 1), and volatility over 7
-- and 30 days (the sample's standard deviation of that many daily logarithmic returns). NULL where
-- one of the days is missing. Computed in double precision.
CREATE VIEW research_factor_v1 AS
WITH daily AS (
  SELECT venue, instrument, source, open_ns, close, CAST(close AS DOUBLE PRECISION) AS price, known_from_ns, known_until_ns
  FROM research_daily_v1
), first_known AS (
  SELECT venue, instrument, source, open_ns, MIN(known_from_ns) AS at_ns
  FROM daily GROUP BY venue, instrument, source, open_ns
), change AS (
  SELECT venue, instrument, source, open_ns, known_from_ns AS at_ns FROM daily
  UNION
  SELECT venue, instrument, source, open_ns, known_until_ns FROM daily
  WHERE known_until_ns IS NOT NULL
), instant AS (
  SELECT DISTINCT f.venue, f.instrument, f.source, f.open_ns, c.at_ns
  FROM first_known f
  JOIN change c ON c.venue = f.venue AND c.instrument = f.instrument AND c.source = f.source
    AND c.open_ns BETWEEN f.open_ns - 30 * 86400000000000 AND f.open_ns AND c.at_ns >= f.at_ns
  UNION
  SELECT venue, instrument, source, open_ns, at_ns FROM first_known
), span AS (
  SELECT venue, instrument, source, open_ns, at_ns,
         LEAD(at_ns) OVER (PARTITION BY venue, instrument, source, open_ns ORDER BY at_ns) AS until_ns
  FROM instant
), point AS (
  SELECT s.venue, s.instrument, s.source, s.open_ns, s.at_ns, s.until_ns, d.open_ns AS day_ns,
         d.close, d.price,
         CASE WHEN d.open_ns - LAG(d.open_ns) OVER w = 86400000000000
              THEN LN(d.price / LAG(d.price) OVER w) END AS log_return
  FROM span s
  JOIN daily d ON d.venue = s.venue AND d.instrument = s.instrument AND d.source = s.source
    AND d.open_ns BETWEEN s.open_ns - 30 * 86400000000000 AND s.open_ns
    AND d.known_from_ns <= s.at_ns AND (d.known_until_ns IS NULL OR d.known_until_ns > s.at_ns)
  WINDOW w AS (PARTITION BY s.venue, s.instrument, s.source, s.open_ns, s.at_ns ORDER BY d.open_ns)
), summed AS (
  SELECT venue, instrument, source, open_ns, at_ns, until_ns,
         MAX(CASE WHEN day_ns = open_ns THEN close END) AS close,
         MAX(CASE WHEN day_ns = open_ns THEN price END) AS price,
         MAX(CASE WHEN day_ns = open_ns - 86400000000000 THEN price END) AS price_1d,
         MAX(CASE WHEN day_ns = open_ns - 7 * 86400000000000 THEN price END) AS price_7d,
         MAX(CASE WHEN day_ns = open_ns - 30 * 86400000000000 THEN price END) AS price_30d,
         COUNT(CASE WHEN day_ns > open_ns - 7 * 86400000000000 THEN log_return END) AS returns_7d,
         SUM(CASE WHEN day_ns > open_ns - 7 * 86400000000000 THEN log_return END) AS sum_7d,
         SUM(CASE WHEN day_ns > open_ns - 7 * 86400000000000
                  THEN log_return * log_return END) AS squares_7d,
         COUNT(log_return) AS returns_30d, SUM(log_return) AS sum_30d,
         SUM(log_return * log_return) AS squares_30d
  FROM point
  GROUP BY venue, instrument, source, open_ns, at_ns, until_ns
)
SELECT venue, instrument, source, open_ns, close,
       price / price_1d - 1 AS return_1d,
       price / price_7d - 1 AS momentum_7d,
       price / price_30d - 1 AS momentum_30d,
       CASE WHEN returns_7d < 7 THEN NULL
            WHEN squares_7d * 7 > sum_7d * sum_7d
            THEN SQRT((squares_7d - sum_7d * sum_7d / 7) / 6) ELSE 0 END AS volatility_7d,
       CASE WHEN returns_30d < 30 THEN NULL
            WHEN squares_30d * 30 > sum_30d * sum_30d
            THEN SQRT((squares_30d - sum_30d * sum_30d / 30) / 29) ELSE 0 END AS volatility_30d,
       at_ns AS known_from_ns, until_ns AS known_until_ns
FROM summed
WHERE close IS NOT NULL;
