DROP TABLE messages;
DROP TABLE audit_log;
