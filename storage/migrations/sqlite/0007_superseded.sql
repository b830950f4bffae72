-- Rows as they were before a correction from the archive: see docs/archive.md. The corrected row
-- stands in its own table, with the time of the correction as its receive_ns; who asks what was known
-- at a time before until_ns takes the version that is here.
CREATE TABLE superseded (
  kind TEXT NOT NULL,  -- the table: trade, book, ...
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_ns INTEGER NOT NULL,
  receive_ns INTEGER NOT NULL,  -- of this version
  until_ns INTEGER NOT NULL,    -- when it was corrected
  content TEXT NOT NULL,        -- its columns, as a JSON object
  PRIMARY KEY (kind, venue, instrument, key, exchange_ns, until_ns)
) WITHOUT ROWID;
