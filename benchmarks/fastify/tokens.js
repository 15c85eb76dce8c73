// Two hooks that set `request.owner` to the user of a valid token: verified each time, or once per token.
import fastifyJwt from '@fastify/jwt'
import { createVerifier } from 'fast-jwt'

const CAPACITY = 10_000

const unauthorized = (reply) => reply.code(401).send({ detail: 'Invalid or expired token' })

export async function verifyEach (app, secret) {
  await app.register(fastifyJwt, { secret, verify: { algorithms: ['HS256'] } })
  return async (request, reply) => {
    try {
      const payload = await request.jwtVerify()
      request.owner = payload.sub
    } catch {
      return unauthorized(reply)
    }
  }
}

export async function verifyOnce (app, secret) {
  const verify = createVerifier({ key: secret, algorithms: ['HS256'] })
  const verified = new Map()
  return (request, reply, done) => {
    const authorization = request.headers.authorization ?? ''
    let payload = verified.get(authorization)
    if (payload === undefined || payload.exp * 1000 <= Date.now()) {
      try {
        payload = verify(authorization.replace(/^Bearer /, ''))
      } catch {
        unauthorized(reply)
        return
      }
      if (verified.size >= CAPACITY) verified.delete(verified.keys().next().value)
      verified.set(authorization, payload)
    }
    request.owner = payload.sub
    done()
  }
}
