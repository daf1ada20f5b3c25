/**
 * Keeps a second process out of a directory, for as long as this one lives.
 *
 * Used by the data directory. Whoever wants the directory puts a listening Unix socket of its own
 * into it and then tries all others: one that answers belongs to a process that lives; one that
 * refuses is left from a process that was killed, and is removed. So no lock goes stale, no process
 * id can be taken for another one's, and containers that share a volume see each other.
 *
 * Two that start together:
 *   1. A puts its socket, 2. B puts its socket, 3. A finds B's and gives way, 4. B finds A's and
 *   gives way. Since each puts its own before it looks for others, never both go on; since both
 *   may give way, each tries again after a random pause.
 * A socket gets its final name only once it listens, so that it is not taken for a dead one.
 *
 * Rejected: a file with a process id (reused after a restart, the same in two containers); an
 * abstract socket (not seen from another network namespace); LMDB's own lock, which lets many in.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { open, readdir, rename, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PREFIX = 'lock-'
const SUFFIX = '.sock'
const ATTEMPTS_MAX = 4
const PAUSE_MS_MAX = 200
/** Longest path of a Unix socket on the systems this runs on, in bytes. */
const SOCKET_PATH_BYTES_MAX = 103

/** Whether a name in the directory is one of these locks. */
export function isLockName(name: string): boolean {
  return name.startsWith(PREFIX)
}

export class DirectoryLock {
  readonly #server: Server
  readonly #socket: string

  private constructor(server: Server, socket: string) {
    this.#server = server
    this.#socket = socket
  }

  /** Undefined: another process has the directory. */
  static async acquire(directory: string): Promise<DirectoryLock | undefined> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      if (attempt > 1) await sleep(randomInt(PAUSE_MS_MAX))
      const lock = await DirectoryLock.#put(directory)
      if (!(await hasLivingRival(directory, lock.#socket))) return lock
      await lock.release()
    }
    return undefined
  }

  static async #put(directory: string): Promise<DirectoryLock> {
    const id = randomBytes(6).toString('hex')
    const unnamed = `${PREFIX}${id}.new`
    const server = createServer((socket) => socket.destroy()).unref()
    await withShortPath(directory, unnamed, (address) => listen(server, address))
    const socket = path.join(directory, `${PREFIX}${id}${SUFFIX}`)
    await rename(path.join(directory, unnamed), socket)
    return new DirectoryLock(server, socket)
  }

  async release(): Promise<void> {
    await rm(this.#socket, { force: true })
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }
}

/** Removes what the dead have left. */
async function hasLivingRival(directory: string, own: string): Promise<boolean> {
  for (const name of await readdir(directory)) {
    const socket = path.join(directory, name)
    if (!name.startsWith(PREFIX) || !name.endsWith(SUFFIX) || socket === own) continue
    if (await withShortPath(directory, name, answers)) return true
    await rm(socket, { force: true })
  }
  return false
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT')
    })
  })
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Socket paths are limited to about 100 bytes; a long one is taken by way of an open directory. */
async function withShortPath<T>(
  directory: string,
  name: string,
  use: (address: string) => Promise<T>,
): Promise<T> {
  const address = path.join(directory, name)
  if (Buffer.byteLength(address) <= SOCKET_PATH_BYTES_MAX) return use(address)
  const handle = await open(directory, 'r')
  try {
    return await use(`/proc/self/fd/${handle.fd}/${name}`)
  } finally {
    await handle.close()
  }
}
