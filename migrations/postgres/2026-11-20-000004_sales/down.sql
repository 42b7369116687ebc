DROP TABLE sale_lines;
DROP TABLE sales;
DROP SEQUENCE sale_numbers;
