// The pool, and the statements of ../sql: unnamed as `pool.query(text, values)` sends them, or named and so prepared once.
import { readFileSync } from 'node:fs'
import pg from 'pg'

const MEMBERS = [
  'id', 'uid', 'user_id', 'title', 'description', 'completed', 'completed_at', 'priority', 'category', 'tags', 'due_date', 'recurrence',
  'recurrence_from', 'recurrence_tz', 'created_at', 'updated_at', 'deleted_at', 'revision'
]

// A Date has milliseconds, and the API responds with microseconds, so the text of PostgreSQL becomes RFC 3339 as it is.
const timestamp = (text) => `${text.replace(' ', 'T')}:00`

pg.types.setTypeParser(pg.types.builtins.INT8, Number)
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, timestamp)

function text (name) {
  return readFileSync(new URL(`../sql/${name}.sql`, import.meta.url), 'utf8').replace('{task}', MEMBERS.join(', '))
}

export function connect (connectionString, { prepared }) {
  const pool = new pg.Pool({ connectionString, max: 10 })
  const statement = (name) => prepared ? { name, text: text(name) } : { text: text(name) }
  const statements = Object.fromEntries(['list', 'get', 'create', 'toggle'].map((name) => [name, statement(name)]))
  return async (name, values) => (await pool.query({ ...statements[name], values })).rows
}
