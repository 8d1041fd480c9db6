-- Components in place of the built-in one that an operator has accepted, with all that each
-- asked for then.
CREATE TABLE plugin_grants (
    name       TEXT   NOT NULL PRIMARY KEY,
    version    TEXT   NOT NULL,
    sha256     TEXT   NOT NULL,              -- of the component, in hexadecimal
    wishes     TEXT   NOT NULL,              -- JSON
    granted_at BIGINT NOT NULL,
    granted_by TEXT   NOT NULL
);
