DROP TABLE customers;
DROP TABLE idempotency_keys;
DROP TABLE login_failures;
DROP TABLE tokens;
DROP TABLE users;
DROP TABLE settings;
DROP FUNCTION refuse_change();
