-- What an auditor asks about. Rows are added, and only taken away as a whole: when they are
-- too old, and when their user is erased. Ids only: no account, no title, no address.
CREATE TABLE audit (
    id       TEXT   NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL,
    tenant   TEXT   NOT NULL,
    user_id  TEXT   NOT NULL,                   -- '': nobody in particular, or erased
    person   TEXT,                              -- who was erased: a keyed hash
    provider TEXT   NOT NULL,                   -- '': none in particular
    action   TEXT   NOT NULL,
    key_id   TEXT,                              -- the master key that rows were brought to
    times    BIGINT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_user ON audit (tenant, user_id, at);
CREATE INDEX audit_by_person ON audit (person) WHERE person IS NOT NULL;

-- A million users refresh 24 million times a day: counted here with what is saved anyway, and
-- told to the audit log as one row when the connection ends.
ALTER TABLE connections ADD COLUMN refreshes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN refreshed_at BIGINT;
