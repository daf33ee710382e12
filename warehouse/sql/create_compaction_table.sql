-- No migration creates it: it describes the file, and a rebuilt file was never compacted.
CREATE TABLE IF NOT EXISTS internal._ph_compacted (sequence BIGINT NOT NULL);
