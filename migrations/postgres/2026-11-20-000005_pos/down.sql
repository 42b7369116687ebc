DROP TABLE pos_event_lines;
DROP TABLE pos_events;
DROP TABLE pos_products;
DROP TABLE pos_connections;
