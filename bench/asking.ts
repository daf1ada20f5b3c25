/**
 * Clients that ask questions of a server, one after the other, in a process of their own.
 *
 * Used by scenarios that measure something else meanwhile: in the process of the load generator their answers
 * would make it late, and that would be counted as the server's. Asking has a low priority, for those who ask are on
 * machines of their own and take nothing from the one that is measured.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import os from 'node:os'
import { API_KEY } from './server-process.ts'

export interface Asked {
  readonly answered: number
  readonly failed: number
  readonly slowestMs: number
}

/** Asks until it is stopped. */
export class Asking {
  readonly #child: ChildProcess

  /** @param urls asked for in turn, by so many clients at a time */
  constructor(urls: readonly string[], clients: number) {
    this.#child = fork(import.meta.filename, [String(clients), ...urls])
    const kill = () => this.#child.kill('SIGKILL')
    process.once('exit', kill)
    this.#child.once('exit', () => process.off('exit', kill))
  }

  /** After the questions that are under way, which do not count. */
  async stop(): Promise<Asked> {
    const told = once(this.#child, 'message')
    this.#child.send('stop')
    const [asked] = (await told) as [Asked]
    await once(this.#child, 'exit')
    return asked
  }
}

if (process.argv[1] === import.meta.filename && process.send !== undefined) await askUntilStopped()

async function askUntilStopped(): Promise<void> {
  os.setPriority(os.constants.priority.PRIORITY_LOW)
  const [clients, ...urls] = process.argv.slice(2)
  const counts = { answered: 0, failed: 0, slowestMs: 0 }
  const stopping = new AbortController()
  process.once('message', () => stopping.abort())
  const askOn = async (client: number) => {
    for (let next = client; !stopping.signal.aborted; next++) {
      const began = performance.now()
      const response = await fetch(urls[next % urls.length]!, { headers: { 'x-api-key': API_KEY } })
      await response.arrayBuffer()
      if (stopping.signal.aborted) return
      if (response.status === 200) counts.answered++
      else counts.failed++
      counts.slowestMs = Math.max(counts.slowestMs, performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: Number(clients) }, (_, client) => askOn(client)))
  process.send?.(counts)
  process.disconnect?.()
}
