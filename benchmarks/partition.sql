-- Hash-partition the tables of the owners' data by user_id into 32. Every statement that serves a request compares
-- user_id, so it reads and writes one partition. A database looks like this when it has outgrown one table; with Citus,
-- create_distributed_table('tasks', 'user_id') spreads the same over several servers.
--
-- It runs in one transaction, on a migrated database of PostgreSQL 17 or later, by any client:
--     psql "$DATABASE_URL" --file benchmarks/partition.sql
-- Stop the API first, because the tables are locked while their rows are copied.
DO $$
DECLARE
    partitions CONSTANT integer := 32;
    owned CONSTANT text[] := ARRAY['tasks', 'idempotency_records'];
    original text;
    copy text;
    columns text;
    definitions text[];
    identity text;
    definition text;
BEGIN
    FOREACH original IN ARRAY owned LOOP
        copy := original || '_partitioned';
        EXECUTE format('LOCK TABLE %I', original);

        SELECT array_agg(format('ALTER TABLE %I ADD CONSTRAINT %I %s', original, conname, pg_get_constraintdef(oid)))
        INTO definitions
        FROM pg_constraint
        WHERE conrelid = original::regclass AND contype IN ('p', 'u', 'f');

        SELECT definitions || coalesce(array_agg(pg_get_indexdef(indexrelid)), '{}')
        INTO definitions
        FROM pg_index
        WHERE indrelid = original::regclass
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'));

        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum), max(quote_ident(attname)) FILTER (WHERE attidentity <> '')
        INTO columns, identity
        FROM pg_attribute
        WHERE attrelid = original::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';

        EXECUTE format(
            'CREATE TABLE %I (LIKE %I INCLUDING ALL EXCLUDING INDEXES) PARTITION BY HASH (user_id)', copy, original);
        FOR number IN 0 .. partitions - 1 LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s)',
                original || '_' || number, copy, partitions, number);
        END LOOP;
        EXECUTE format('INSERT INTO %I (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM %I', copy, columns, original);
        IF identity IS NOT NULL THEN
            EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, %L), last_value, is_called) FROM %s',
                copy, identity, pg_get_serial_sequence(original, identity));
        END IF;

        EXECUTE format('DROP TABLE %I', original);
        EXECUTE format('ALTER TABLE %I RENAME TO %I', copy, original);
        FOREACH definition IN ARRAY definitions LOOP
            EXECUTE definition;
        END LOOP;
    END LOOP;
    -- PostgreSQL estimates that a generic plan reads all partitions, although it reads one, so it would plan each
    -- execution anew. New connections have this setting.
    EXECUTE format('ALTER DATABASE %I SET plan_cache_mode = force_generic_plan', current_database());
END
$$;
