// The routes that are measured, with schemas for what comes in and what goes out, as Fastify recommends.
const PRIORITIES = ['none', 'low', 'medium', 'high', 'urgent']
const optional = { type: ['string', 'null'] }

const task = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    uid: { type: 'string' },
    user_id: { type: 'string' },
    title: { type: 'string' },
    description: optional,
    completed: { type: 'boolean' },
    completed_at: optional,
    priority: { type: 'string' },
    category: optional,
    tags: { type: 'array', items: { type: 'string' } },
    due_date: optional,
    recurrence: optional,
    recurrence_from: { type: 'string' },
    recurrence_tz: optional,
    created_at: { type: 'string' },
    updated_at: { type: 'string' },
    deleted_at: optional,
    revision: { type: 'integer' }
  }
}
const detailed = { ...task, properties: { ...task.properties, next_task: { ...task, nullable: true } } }
const page = {
  type: 'object',
  properties: {
    tasks: { type: 'array', items: task },
    count: { type: 'integer' },
    total: { type: ['integer', 'null'] },
    next_cursor: optional
  }
}
const body = {
  type: 'object',
  required: ['title'],
  properties: {
    title: { type: 'string', minLength: 1, maxLength: 200 },
    description: { ...optional, default: null, maxLength: 10_000 },
    completed: { type: 'boolean', default: false },
    priority: { enum: PRIORITIES, default: 'medium' },
    tags: { type: 'array', items: { type: 'string' }, maxItems: 100, default: [] }
  }
}
const params = { type: 'object', properties: { task_id: { type: 'integer', minimum: 1 } } }
const querystring = { type: 'object', properties: { limit: { type: 'integer', minimum: 1, maximum: 1000, default: 1000 } } }

function represent (row) {
  row.priority = PRIORITIES[row.priority]
  return row
}

const cursor = (id) => Buffer.from(`["created_at", true, null, ${id}]`).toString('base64url')

export function routes (query, authenticate) {
  async function detail (owner, [row]) {
    represent(row).next_task = row.next_task_id === null
      ? null
      : (await query('get', [owner, row.next_task_id])).map(represent)[0] ?? null
    return row
  }

  return async (app) => {
    app.decorateRequest('owner', null)
    app.addHook('onRequest', authenticate)
    app.addHook('onRequest', (request, reply, done) => {
      if (request.owner === request.params.user_id) done()
      else reply.code(403).send({ detail: 'Not authorized' })
    })

    app.get('/', { schema: { querystring, response: { 200: page } } }, async ({ owner, query: { limit } }) => {
      const rows = await query('list', [owner, limit + 1])
      const more = rows.length > limit
      const tasks = rows.slice(0, limit).map(represent)
      const total = more ? null : tasks.length
      return { tasks, count: tasks.length, total, next_cursor: more ? cursor(tasks.at(-1).id) : null }
    })

    app.get('/:task_id', { schema: { params, response: { 200: detailed } } }, async ({ owner, params }, reply) => {
      const rows = await query('get', [owner, params.task_id])
      return rows.length ? detail(owner, rows) : reply.code(404).send({ detail: 'Not found' })
    })

    app.post('/', { schema: { body, response: { 201: detailed } } }, async ({ owner, body }, reply) => {
      const { title, description, completed, priority, tags } = body
      const values = [owner, title.trim(), description, completed, PRIORITIES.indexOf(priority), tags]
      reply.code(201)
      return detail(owner, await query('create', values))
    })

    app.patch('/:task_id/complete', { schema: { params, response: { 200: detailed } } }, async ({ owner, params }, reply) => {
      const rows = await query('toggle', [owner, params.task_id])
      return rows.length ? detail(owner, rows) : reply.code(404).send({ detail: 'Not found' })
    })
  }
}
