-- Grants that were erased here and are still to be revoked at the provider. No row says
-- whose it was.
CREATE TABLE revocations (
    id            TEXT   NOT NULL PRIMARY KEY,
    provider      TEXT   NOT NULL,
    held          TEXT   NOT NULL,              -- sealed
    attempts      BIGINT NOT NULL,
    next_try      BIGINT NOT NULL,
    claimed_until BIGINT,
    created_at    BIGINT NOT NULL
);
CREATE INDEX revocations_due ON revocations (next_try);

-- What is kept about a user must be found when the user is erased.
ALTER TABLE idempotency_keys ADD COLUMN caller TEXT NOT NULL DEFAULT '';  -- hash
CREATE INDEX idempotency_keys_by_caller ON idempotency_keys (caller);
ALTER TABLE webhooks ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
ALTER TABLE webhooks ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
CREATE INDEX webhooks_by_user ON webhooks (tenant, user_id);
