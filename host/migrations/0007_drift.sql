-- What people do in their own calendars to the events that bookings put there.

-- How far each connected calendar has been looked through.
CREATE TABLE watches (
    tenant        TEXT   NOT NULL,
    user_id       TEXT   NOT NULL,
    provider      TEXT   NOT NULL,
    account_id    TEXT   NOT NULL,              -- the cursor is good for this account
    calendar_id   TEXT   NOT NULL,              -- and this calendar alone
    cursor        TEXT,                         -- NULL: to be read as a whole
    next_poll     BIGINT NOT NULL,
    claim         TEXT,                         -- who looks; a new word every time
    claimed_until BIGINT,
    PRIMARY KEY (tenant, user_id, provider)
);
CREATE INDEX watches_due ON watches (next_poll);

ALTER TABLE deliveries ADD COLUMN touched TEXT;             -- event or occurrence: to be compared
ALTER TABLE deliveries ADD COLUMN drift TEXT;               -- JSON: how the calendar differs
ALTER TABLE deliveries ADD COLUMN restores BIGINT NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN restoring_since BIGINT;   -- the day in which they are counted
