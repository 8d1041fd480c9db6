-- What one process at a time does for all replicas.
CREATE TABLE leases (
    name       TEXT   NOT NULL PRIMARY KEY,
    holder     TEXT   NOT NULL,                 -- a word of the process's own
    held_until BIGINT NOT NULL
);

-- What has been over, and left alone, for longest is found without reading anything else,
-- among ten million bookings as well.
CREATE INDEX bookings_past
    ON bookings ((CASE WHEN ends_at > updated_at THEN ends_at ELSE updated_at END))
    WHERE ends_at IS NOT NULL;

-- Series have no end, but are over once they are cancelled. Quotation marks within a text
-- stand behind a backslash in JSON, so that no title is taken for the status.
CREATE INDEX bookings_cancelled_series ON bookings (updated_at)
    WHERE ends_at IS NULL AND body LIKE '%"status":"cancelled"%';

-- What could not be told, by its age.
CREATE INDEX webhooks_set_aside ON webhooks (created_at) WHERE state = 'set_aside';
