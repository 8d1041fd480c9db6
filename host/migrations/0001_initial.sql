-- Sealed columns hold text of the form v1.KEYID.BASE64 (see vault/seal.rs).
-- Times are seconds since 1970 on the database's clock.

-- One user's grant for one provider's account.
CREATE TABLE connections (
    tenant           TEXT   NOT NULL,
    user_id          TEXT   NOT NULL,
    provider         TEXT   NOT NULL,
    account_id       TEXT   NOT NULL,
    account_label    TEXT   NOT NULL,
    calendar_id      TEXT   NOT NULL,
    calendar_name    TEXT   NOT NULL,
    access_token     TEXT   NOT NULL,           -- sealed
    refresh_token    TEXT,                      -- sealed
    expires_at       BIGINT,
    scopes           TEXT   NOT NULL,           -- separated by spaces
    client_id        TEXT   NOT NULL,
    revision         BIGINT NOT NULL,
    reconnect_reason TEXT,                      -- set: the grant is dead
    refresh_until    BIGINT,                    -- somebody is refreshing until then
    connected_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant, user_id, provider)
);
CREATE INDEX connections_by_account ON connections (provider, account_id);

-- A browser that was sent to a provider's consent page and has not come back.
CREATE TABLE flows (
    state_hash    TEXT   NOT NULL PRIMARY KEY,
    tenant        TEXT   NOT NULL,
    user_id       TEXT   NOT NULL,
    provider      TEXT   NOT NULL,
    cookie_hash   TEXT   NOT NULL,
    code_verifier TEXT   NOT NULL,              -- sealed
    redirect_uri  TEXT   NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX flows_by_expiry ON flows (expires_at);

-- A callback that came back in another browser than the flow began in.
CREATE TABLE parked_callbacks (
    handle_hash TEXT   NOT NULL PRIMARY KEY,
    tenant      TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    provider    TEXT   NOT NULL,
    callback    TEXT   NOT NULL,                -- sealed
    expires_at  BIGINT NOT NULL
);
CREATE INDEX parked_callbacks_by_expiry ON parked_callbacks (expires_at);

-- What the platform wants to be so.
CREATE TABLE bookings (
    tenant     TEXT   NOT NULL,
    kind       TEXT   NOT NULL,                 -- appointments or jobs
    id         TEXT   NOT NULL,
    revision   BIGINT NOT NULL,
    body       TEXT   NOT NULL,                 -- JSON
    ends_at    BIGINT,                          -- NULL: repeats without an end
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, kind, id)
);

CREATE TABLE participants (
    tenant     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    booking_id TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    role       TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, booking_id, user_id),
    FOREIGN KEY (tenant, kind, booking_id) REFERENCES bookings (tenant, kind, id) ON DELETE CASCADE
);
CREATE INDEX participants_by_user ON participants (tenant, user_id);

-- What is owed to one participant's calendar, and how far it has come. Whether the event
-- is to be there or not follows from the booking and its participants at the time.
CREATE TABLE deliveries (
    tenant        TEXT   NOT NULL,
    kind          TEXT   NOT NULL,
    booking_id    TEXT   NOT NULL,
    user_id       TEXT   NOT NULL,
    provider      TEXT   NOT NULL,
    generation    BIGINT NOT NULL,              -- grows with every change of what is wanted
    state         TEXT   NOT NULL,
    reason        TEXT,
    remote        TEXT,                         -- JSON of the contract's remote-event
    attempts      BIGINT NOT NULL,
    next_try      BIGINT,
    claimed_until BIGINT,
    PRIMARY KEY (tenant, kind, booking_id, user_id, provider)
);
CREATE INDEX deliveries_due ON deliveries (state, next_try);
CREATE INDEX deliveries_by_connection ON deliveries (tenant, user_id, provider);
