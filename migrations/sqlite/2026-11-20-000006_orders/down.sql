DROP TABLE order_history;
DROP TABLE order_lines;
DROP TABLE redemptions;
DROP TABLE orders;
DELETE FROM counters WHERE name = 'order';
DROP TABLE cart_items;
DROP TABLE carts;
DROP TABLE promo_codes;
