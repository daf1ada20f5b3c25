/**
 * A port for a server that must keep it across restarts.
 *
 * Taken below the range from which the system gives ports to outgoing connections: a server that is
 * down for a moment would otherwise find its port taken by a client. Nothing is reserved: another
 * process may be given the same port, so whoever starts a server on it must notice and ask again.
 */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

const PORT_MIN = 20_000
const PORT_MAX = 31_999
const ATTEMPTS_MAX = 100

export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = randomInt(PORT_MIN, PORT_MAX + 1)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port in ${ATTEMPTS_MAX} attempts`)
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
