-- Requests that carried an Idempotency-Key, with the reply that each gets again.
CREATE TABLE idempotency_keys (
    key_hash      TEXT   NOT NULL PRIMARY KEY,  -- of the caller and the key
    fingerprint   TEXT   NOT NULL,              -- of method, path and body
    reply         TEXT,                         -- sealed; NULL while it is under way
    claimed_until BIGINT NOT NULL,              -- by then it is done, or its process is dead
    expires_at    BIGINT NOT NULL
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
