/**
 * Which ports a cluster of this machine takes.
 *
 * The servers get their usual ones, so that `nats`, `redis-cli` and `mongosh` find them without an
 * address, and free ones where something else has those. The nodes share the one that was asked for,
 * so it is an error if that is taken: even by another cluster, whose nodes would share it too.
 */
import { createServer } from 'node:net'
import { freePort } from '../test/services/free-port.ts'
import { CommandError } from './command-error.ts'

const USUAL = { nats: 4222, redis: 6379, mongo: 27_017 }
const ADDRESS = '127.0.0.1'

type ServerPorts = Readonly<Record<keyof typeof USUAL, number>>

/** @throws CommandError if it is taken */
export async function portOfNodes(port: number): Promise<number> {
  if (port === 0) return freePort()
  const failure = await tryPort(port)
  if (failure === undefined) return port
  if (failure === 'EADDRINUSE') {
    throw new CommandError(`Port ${port} is in use. Choose another one with --port.`)
  }
  throw new CommandError(`Port ${port} cannot be used: ${failure}. Choose another one with --port.`)
}

/** undefined: any free ones. */
export async function portsOfServers(port: number): Promise<ServerPorts | undefined> {
  if (port === 0) return undefined
  const [nats, redis, mongo] = await Promise.all([
    usualOrFree(USUAL.nats),
    usualOrFree(USUAL.redis),
    usualOrFree(USUAL.mongo),
  ])
  return { nats, redis, mongo }
}

async function usualOrFree(port: number): Promise<number> {
  return (await tryPort(port)) === undefined ? port : freePort()
}

/** Why nobody can listen there; undefined: one can. */
function tryPort(port: number): Promise<string | undefined> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen(port, ADDRESS, () => server.close(() => resolve(undefined)))
  })
}
