-- Rows as they were before a correction. The table is here so that both databases have the same ones:
-- `feedtree replay --diff --apply` corrects SQLite, see docs/archive.md.
CREATE TABLE superseded (
  kind text NOT NULL,  -- the table: trade, book, ...
  venue text NOT NULL,
  instrument text NOT NULL,
  key text NOT NULL,
  exchange_ns bigint NOT NULL,
  receive_ns bigint NOT NULL,  -- of this version
  until_ns bigint NOT NULL,    -- when it was corrected
  content jsonb NOT NULL,      -- its columns
  PRIMARY KEY (kind, venue, instrument, key, exchange_ns, until_ns)
);
