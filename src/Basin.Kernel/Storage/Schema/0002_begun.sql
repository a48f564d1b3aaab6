-- A request may begin in one transaction and be answered in a later one: in between its status is 0, and the reference says what was begun.
ALTER TABLE basin_idempotency ADD COLUMN reference TEXT;
-- The id of the request that came first, where requests have ids.
ALTER TABLE basin_idempotency ADD COLUMN request TEXT;
