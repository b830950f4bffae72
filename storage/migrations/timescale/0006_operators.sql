-- Who may operate the server, and what was done to it and to this database.

CREATE TABLE operator (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  token_sha256 TEXT COLLATE "C" NOT NULL,  -- of the token, which is kept nowhere
  created_ns BIGINT NOT NULL,
  disabled_ns BIGINT                       -- NULL while it is accepted
);

CREATE TABLE audit (
  at_ns BIGINT NOT NULL,                   -- our clock, nanoseconds since 1970
  operator TEXT COLLATE "C" NOT NULL,      -- or the part of the program that acted by itself
  action TEXT COLLATE "C" NOT NULL,        -- migrate, restart, ...
  target TEXT COLLATE "C" NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL,       -- done, refused, failed
  detail TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (at_ns, operator, action, target)
);
