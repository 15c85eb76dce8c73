-- Find searched tasks by an index of trigrams instead of reading all tasks of the owner. It pays for owners with
-- hundreds of thousands of tasks only, because each write has to update it (specs/decisions/0046-search-by-folded-text.md).
-- The API uses the index as soon as it exists, for words of at least three Latin letters or digits.
--
-- It needs the right to create extensions, and blocks no write. On partitioned tables, remove CONCURRENTLY, which blocks writes:
--     psql "$DATABASE_URL" --file benchmarks/search_index.sql
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
DROP INDEX CONCURRENTLY IF EXISTS tasks_search_idx;
CREATE INDEX CONCURRENTLY tasks_search_idx ON tasks
    USING gin (user_id, (folded_title || folded_description || folded_tags) gin_trgm_ops);
