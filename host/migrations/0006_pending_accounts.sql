-- An account that a user has just consented to while another one of the same provider is
-- connected: it waits for their word. Nothing uses it before.
CREATE TABLE pending_accounts (
    tenant      TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    provider    TEXT   NOT NULL,
    handle_hash TEXT   NOT NULL,
    account_id  TEXT   NOT NULL,
    held        TEXT   NOT NULL,                -- sealed
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant, user_id, provider)
);
CREATE INDEX pending_accounts_by_expiry ON pending_accounts (expires_at);
CREATE INDEX pending_accounts_by_account ON pending_accounts (provider, account_id);
