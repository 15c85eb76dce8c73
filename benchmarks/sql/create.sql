WITH bump AS (
    INSERT INTO users (id, revision) VALUES ($1, 1)
    ON CONFLICT (id) DO UPDATE SET revision = users.revision + 1
    RETURNING revision, clock_timestamp() AS now
)
INSERT INTO tasks (user_id, title, description, completed_at, priority, tags, created_at, updated_at, revision)
SELECT $1, $2, $3, CASE WHEN $4::boolean THEN bump.now END, $5::smallint, $6::text[], bump.now, bump.now, bump.revision
FROM bump
RETURNING {task}, next_task_id
