-- So that the dead grants of a provider are counted without reading every connection.
CREATE INDEX connections_dead ON connections (provider) WHERE reconnect_reason IS NOT NULL;
