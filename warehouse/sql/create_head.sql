-- One row: the newest run, which every commit updates, so that two of them conflict.
CREATE TABLE internal._ph_head (
    sequence BIGINT NOT NULL, run_id VARCHAR, migration BIGINT NOT NULL, views VARCHAR NOT NULL
);
INSERT INTO internal._ph_head VALUES (0, NULL, 0, '');
