-- Master keys seal keys, and only what lives shortly besides. A connection's tokens are sealed
-- with a data key of its own (v2.BASE64), and that key is sealed by a master key
-- (v1.KEYID.BASE64): changing master keys seals the data keys anew, and no token.
--
-- key_id, here and below: the id of the master key that a row cannot be read without.
ALTER TABLE connections ADD COLUMN data_key TEXT;                   -- sealed; NULL: the tokens are v1
ALTER TABLE connections ADD COLUMN key_id TEXT NOT NULL DEFAULT ''; -- two of them, with a comma, where both tokens are v1

-- `v1.KEYID.BASE64` without its base64, its version and its last dot. Ids hold no dot.
UPDATE connections SET key_id = rtrim(substr(rtrim(access_token,
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'), 4), '.');
UPDATE connections SET key_id = key_id || ',' || rtrim(substr(rtrim(refresh_token,
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'), 4), '.')
    WHERE refresh_token IS NOT NULL AND key_id <> rtrim(substr(rtrim(refresh_token,
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'), 4), '.');
-- Which ids there are, and the rows of one, without reading the others.
CREATE INDEX connections_by_key ON connections (key_id, tenant, user_id, provider);
CREATE INDEX connections_without_data_key ON connections (tenant, user_id, provider)
    WHERE data_key IS NULL;

ALTER TABLE flows ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
UPDATE flows SET key_id = rtrim(substr(rtrim(code_verifier,
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'), 4), '.');
CREATE INDEX flows_by_key ON flows (key_id, state_hash);

ALTER TABLE parked_callbacks ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
UPDATE parked_callbacks SET key_id = rtrim(substr(rtrim(callback,
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'), 4), '.');
CREATE INDEX parked_callbacks_by_key ON parked_callbacks (key_id, handle_hash);

ALTER TABLE pending_accounts ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
UPDATE pending_accounts SET key_id = rtrim(substr(rtrim(held,
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'), 4), '.');
CREATE INDEX pending_accounts_by_key ON pending_accounts (key_id, handle_hash);

ALTER TABLE idempotency_keys ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
UPDATE idempotency_keys SET key_id = rtrim(substr(rtrim(reply,
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'), 4), '.')
    WHERE reply IS NOT NULL;
CREATE INDEX idempotency_keys_by_key ON idempotency_keys (key_id, key_hash);

ALTER TABLE revocations ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
UPDATE revocations SET key_id = rtrim(substr(rtrim(held,
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'), 4), '.');
CREATE INDEX revocations_by_key ON revocations (key_id, id);

-- Keys of the host's own, which outlive master keys: what signs links signs them for months.
CREATE TABLE host_keys (
    name         TEXT   NOT NULL PRIMARY KEY,
    sealed       TEXT   NOT NULL,
    key_id       TEXT   NOT NULL,
    succeeded_at BIGINT                         -- master keys did its work until then; NULL: never
);
CREATE INDEX host_keys_by_key ON host_keys (key_id, name);

-- The master keys of the server that started last: others must not seal what it cannot read.
CREATE TABLE serving_keys (
    key_id   TEXT   NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL                    -- 0: it encrypts
);
