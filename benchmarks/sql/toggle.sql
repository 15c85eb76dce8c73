WITH bump AS (
    UPDATE users SET revision = revision + 1
    WHERE id = $1 AND EXISTS (SELECT FROM tasks WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL)
    RETURNING revision AS next_revision, clock_timestamp() AS now
)
UPDATE tasks
SET completed_at = CASE WHEN completed_at IS NULL THEN bump.now END,
    last_event = CASE WHEN completed_at IS NULL THEN 'completed' ELSE 'reopened' END,
    updated_at = bump.now,
    revision = bump.next_revision
FROM bump
WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL
RETURNING {task}, next_task_id
