// `node server.js ordinary|tuned`: one process of Fastify and pg; the environment has PORT, DATABASE_URL and SIGNING_KEY.
import Fastify from 'fastify'
import { connect } from './database.js'
import { routes } from './routes.js'
import { verifyEach, verifyOnce } from './tokens.js'

const { PORT, DATABASE_URL, SIGNING_KEY } = process.env
const tuned = process.argv[2] === 'tuned'

const app = Fastify({ routerOptions: { ignoreTrailingSlash: true } })
const authenticate = await (tuned ? verifyOnce : verifyEach)(app, SIGNING_KEY)
app.get('/health', { schema: { response: { 200: { type: 'object', properties: { status: { type: 'string' } } } } } },
  async () => ({ status: 'ok' }))
app.register(routes(connect(DATABASE_URL, { prepared: tuned }), authenticate), { prefix: '/api/:user_id/tasks' })
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
