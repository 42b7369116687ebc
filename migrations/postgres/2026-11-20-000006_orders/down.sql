DROP TABLE order_history;
DROP TABLE order_lines;
DROP TABLE redemptions;
DROP TABLE orders;
DROP SEQUENCE order_numbers;
DROP TABLE cart_items;
DROP TABLE carts;
DROP TABLE promo_codes;
