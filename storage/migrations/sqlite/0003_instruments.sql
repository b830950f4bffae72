-- What is traded, as it was first seen at each venue.
CREATE TABLE instrument (
  venue TEXT NOT NULL,
  instrument TEXT NOT NULL,
  venue_symbol TEXT NOT NULL,  -- as the venue writes it
  channel TEXT NOT NULL,       -- which of the venue's markets; may be empty
  type TEXT NOT NULL,          -- spot, perpetual, future, option
  base TEXT NOT NULL,
  quote TEXT NOT NULL,
  settle TEXT,                 -- NULL for spot
  expiry INTEGER,              -- yyyymmdd
  strike TEXT,
  option_type TEXT,            -- call, put
  PRIMARY KEY (venue, instrument)
) WITHOUT ROWID;
