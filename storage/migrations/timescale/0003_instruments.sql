-- What is traded, as it was first seen at each venue.
CREATE TABLE instrument (
  venue TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  venue_symbol TEXT COLLATE "C" NOT NULL,  -- as the venue writes it
  channel TEXT COLLATE "C" NOT NULL,       -- which of the venue's markets; may be empty
  type TEXT COLLATE "C" NOT NULL,          -- spot, perpetual, future, option
  base TEXT COLLATE "C" NOT NULL,
  quote TEXT COLLATE "C" NOT NULL,
  settle TEXT COLLATE "C",                 -- NULL for spot
  expiry BIGINT,              -- yyyymmdd
  strike NUMERIC,
  option_type TEXT COLLATE "C",            -- call, put
  PRIMARY KEY (venue, instrument)
);
