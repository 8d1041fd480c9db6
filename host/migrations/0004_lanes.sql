-- One row for each connected calendar that was ever owed something. Workers take lanes, not
-- deliveries: one worker a lane at a time, so that changes of one event cannot overtake each
-- other, and users take turns.
CREATE TABLE lanes (
    tenant        TEXT   NOT NULL,
    user_id       TEXT   NOT NULL,
    provider      TEXT   NOT NULL,
    due_at        BIGINT,                       -- NULL: nothing is owed
    claim         TEXT,                         -- whose turn it is; a new word for every turn
    claimed_until BIGINT,
    strikes       BIGINT NOT NULL DEFAULT 0,    -- pauses in a row
    paused_until  BIGINT,                       -- the provider asked for it, for this user
    pause_reason  TEXT,
    PRIMARY KEY (tenant, user_id, provider)
);
CREATE INDEX lanes_due ON lanes (provider, due_at);

-- Providers that are down, or refuse the app itself: all of their lanes wait.
CREATE TABLE provider_pauses (
    provider     TEXT   NOT NULL PRIMARY KEY,
    paused_until BIGINT NOT NULL,
    strikes      BIGINT NOT NULL,               -- pauses in a row
    reason       TEXT   NOT NULL
);

INSERT INTO lanes (tenant, user_id, provider, due_at)
    SELECT tenant, user_id, provider,
           MIN(CASE WHEN state = 'waiting' THEN next_try END)
    FROM deliveries GROUP BY tenant, user_id, provider;

DROP INDEX deliveries_by_connection;
CREATE INDEX deliveries_by_lane ON deliveries (tenant, user_id, provider, state, next_try);
ALTER TABLE deliveries DROP COLUMN claimed_until;
