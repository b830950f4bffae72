-- Accounts with passwords and roles, and tokens that end. Nothing has written the former table's
-- tokens, which had no end; its names stay, without a way to sign in until a password is set.

ALTER TABLE operator RENAME TO operator_before;

CREATE TABLE operator (
  name TEXT NOT NULL PRIMARY KEY,
  role TEXT NOT NULL,           -- viewer, operator
  password_hash TEXT NOT NULL,  -- Argon2id in PHC form; empty: no password is right
  created_ns INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  disabled_ns INTEGER           -- NULL while it is accepted
) WITHOUT ROWID;

INSERT INTO operator (name, role, password_hash, created_ns, changed_ns, disabled_ns)
  SELECT name, 'viewer', '', created_ns, created_ns, disabled_ns FROM operator_before;
DROP TABLE operator_before;

CREATE TABLE operator_token (
  token_sha256 TEXT NOT NULL PRIMARY KEY,  -- of the token, which is kept nowhere
  operator TEXT NOT NULL,
  created_ns INTEGER NOT NULL,
  expires_ns INTEGER NOT NULL,
  revoked_ns INTEGER                       -- NULL while it is accepted
) WITHOUT ROWID;
