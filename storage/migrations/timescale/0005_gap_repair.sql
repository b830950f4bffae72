-- What was done about a gap: none, snapshot, resubscribe, reconnect, restart. Of a gap that has
-- ended, what ended it.
ALTER TABLE gap ADD COLUMN repair TEXT COLLATE "C" NOT NULL DEFAULT 'none';
