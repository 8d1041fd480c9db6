-- What the platform is to be told, written with what happened; a row goes when the
-- platform has taken it.
CREATE TABLE webhooks (
    id            TEXT   NOT NULL PRIMARY KEY,  -- the same with every try
    subject       TEXT   NOT NULL,              -- those of one subject are told in order
    position      BIGINT NOT NULL,              -- the order
    type          TEXT   NOT NULL,
    body          TEXT   NOT NULL,              -- JSON as it is sent
    state         TEXT   NOT NULL,              -- waiting, or set_aside after too many tries
    attempts      BIGINT NOT NULL,
    next_try      BIGINT NOT NULL,
    claimed_until BIGINT,
    last_error    TEXT,
    created_at    BIGINT NOT NULL
);
CREATE INDEX webhooks_due ON webhooks (state, next_try);
CREATE INDEX webhooks_by_subject ON webhooks (subject, position);
