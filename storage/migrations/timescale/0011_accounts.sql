-- Accounts with passwords and roles, and tokens that end. Nothing has written the former table's
-- tokens, which had no end; its names stay, without a way to sign in until a password is set.

ALTER TABLE operator RENAME TO operator_before;
ALTER TABLE operator_before RENAME CONSTRAINT operator_pkey TO operator_before_pkey;

CREATE TABLE operator (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  role TEXT COLLATE "C" NOT NULL,           -- viewer, operator
  password_hash TEXT COLLATE "C" NOT NULL,  -- Argon2id in PHC form; empty: no password is right
  created_ns BIGINT NOT NULL,
  changed_ns BIGINT NOT NULL,
  disabled_ns BIGINT                        -- NULL while it is accepted
);

INSERT INTO operator (name, role, password_hash, created_ns, changed_ns, disabled_ns)
  SELECT name, 'viewer', '', created_ns, created_ns, disabled_ns FROM operator_before;
DROP TABLE operator_before;

CREATE TABLE operator_token (
  token_sha256 TEXT COLLATE "C" NOT NULL PRIMARY KEY,  -- of the token, which is kept nowhere
  operator TEXT COLLATE "C" NOT NULL,
  created_ns BIGINT NOT NULL,
  expires_ns BIGINT NOT NULL,
  revoked_ns BIGINT                                    -- NULL while it is accepted
);
