-- How far in which journal this database is: written in one transaction with the rows.
CREATE TABLE sink_cursor (
  journal TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  position BIGINT NOT NULL  -- everything up to here is in the tables
);
