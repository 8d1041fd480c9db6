-- One-time URLs that open the settings page.
CREATE TABLE page_tickets (
    ticket_hash  TEXT   NOT NULL PRIMARY KEY,
    tenant       TEXT   NOT NULL,
    user_id      TEXT   NOT NULL,
    display_name TEXT,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX page_tickets_by_expiry ON page_tickets (expires_at);

-- Browsers that have the settings page open.
CREATE TABLE page_sessions (
    session_hash TEXT   NOT NULL PRIMARY KEY,
    tenant       TEXT   NOT NULL,
    user_id      TEXT   NOT NULL,
    display_name TEXT,
    language     TEXT,                          -- NULL: what the browser asks for
    expires_at   BIGINT NOT NULL
);
CREATE INDEX page_sessions_by_expiry ON page_sessions (expires_at);

-- Where a flow was begun, and so where its browser returns to: platform or page.
ALTER TABLE flows ADD COLUMN origin TEXT NOT NULL DEFAULT 'platform';

-- When the provider first refused the grant; NULL while it is alive.
ALTER TABLE connections ADD COLUMN dead_at BIGINT;
