"""A recorder's tables, as far as a past is written into them."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE schema_changes (change_id INTEGER PRIMARY KEY, schema_version INTEGER, changed TEXT);
CREATE TABLE statistics_runs (run_id INTEGER PRIMARY KEY, start TEXT);
CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, statistic_id TEXT UNIQUE, source TEXT, unit_of_measurement TEXT, has_mean INTEGER, has_sum INTEGER,
  name TEXT, mean_type INTEGER NOT NULL, unit_class TEXT);
CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id TEXT UNIQUE);
CREATE TABLE state_attributes (attributes_id INTEGER PRIMARY KEY, hash INTEGER, shared_attrs TEXT);
CREATE TABLE states (state_id INTEGER PRIMARY KEY, state TEXT, last_changed_ts REAL, last_updated_ts REAL, old_state_id INTEGER, attributes_id INTEGER,
  metadata_id INTEGER, origin_idx INTEGER);
CREATE TABLE statistics (id INTEGER PRIMARY KEY, created_ts REAL, metadata_id INTEGER, start_ts REAL, mean REAL, min REAL, max REAL, state REAL, sum REAL);
CREATE TABLE statistics_short_term (id INTEGER PRIMARY KEY, created_ts REAL, metadata_id INTEGER, start_ts REAL, mean REAL, min REAL, max REAL, state REAL, sum REAL);
CREATE UNIQUE INDEX one ON statistics (metadata_id, start_ts);
CREATE UNIQUE INDEX other ON statistics_short_term (metadata_id, start_ts);
"""
