-- A side without orders has neither price nor quantity.
ALTER TABLE quote ALTER COLUMN bid_price DROP NOT NULL;
ALTER TABLE quote ALTER COLUMN bid_quantity DROP NOT NULL;
ALTER TABLE quote ALTER COLUMN ask_price DROP NOT NULL;
ALTER TABLE quote ALTER COLUMN ask_quantity DROP NOT NULL;
