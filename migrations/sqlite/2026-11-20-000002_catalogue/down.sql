DROP TABLE products;
DROP TABLE locations;
DROP TABLE categories;
