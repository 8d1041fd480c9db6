-- Set: the user has disconnected, and our events are taken out before the grant goes.
ALTER TABLE connections ADD COLUMN leaving_at BIGINT;
CREATE INDEX connections_leaving ON connections (provider, leaving_at)
    WHERE leaving_at IS NOT NULL;
