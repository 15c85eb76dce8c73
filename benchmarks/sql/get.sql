SELECT {task}, next_task_id
FROM tasks
WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL
