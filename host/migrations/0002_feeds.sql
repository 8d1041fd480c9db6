-- Secret addresses under which calendar apps fetch a user's bookings.
CREATE TABLE feed_tokens (
    token_hash   TEXT   NOT NULL PRIMARY KEY,
    tenant       TEXT   NOT NULL,
    user_id      TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    last_fetched BIGINT
);
CREATE INDEX feed_tokens_by_user ON feed_tokens (tenant, user_id);
