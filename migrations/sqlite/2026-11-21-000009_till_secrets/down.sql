DROP TABLE pos_refusals;
ALTER TABLE pos_connections DROP COLUMN secret_before_until;
ALTER TABLE pos_connections DROP COLUMN secret_before;
