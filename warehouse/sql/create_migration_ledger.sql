CREATE TABLE IF NOT EXISTS internal._ph_migration (
    number INTEGER NOT NULL, name VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL
);
