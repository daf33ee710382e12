-- Which definition of each view and macro this file has; warehouse/view_files.py keeps it.
CREATE TABLE _ph_view (
    name VARCHAR NOT NULL, checksum VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL
);
