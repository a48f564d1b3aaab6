-- Both engines know this way to find the carts of visitors.
DROP INDEX cart_visitor;
CREATE INDEX cart_visitor ON cart (changed_at) WHERE substr(owner, 1, 8) = 'visitor_';
