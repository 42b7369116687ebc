DROP TABLE movements;
DROP TABLE levels;
