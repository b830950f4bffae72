-- Who may operate the server, and what was done to it and to this database.

CREATE TABLE operator (
  name TEXT NOT NULL PRIMARY KEY,
  token_sha256 TEXT NOT NULL,  -- of the token, which is kept nowhere
  created_ns INTEGER NOT NULL,
  disabled_ns INTEGER                       -- NULL while it is accepted
) WITHOUT ROWID;

CREATE TABLE audit (
  at_ns INTEGER NOT NULL,                   -- our clock, nanoseconds since 1970
  operator TEXT NOT NULL,      -- or the part of the program that acted by itself
  action TEXT NOT NULL,        -- migrate, restart, ...
  target TEXT NOT NULL,
  outcome TEXT NOT NULL,       -- done, refused, failed
  detail TEXT NOT NULL,
  PRIMARY KEY (at_ns, operator, action, target)
) WITHOUT ROWID;
