/**
 * Clients whose requests are long work: each searches for what no link has, page after page, or
 * creates links by bulk, one request after the other.
 *
 * A thread of its own, so that what they cost does not make the generator of redirects late. Who is
 * told to come again comes when it was told.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { newUrl } from './link-set.ts'
import { postText, RawConnection, type Reply } from './raw-connection.ts'
import { API_KEY } from './server-process.ts'

export interface LongLoad {
  readonly port: number
  readonly searches: number
  readonly bulks: number
  readonly linksPerBulk: number
}

export interface LongCounts {
  searched: number
  created: number
  refused: number
  failed: number
  slowestMs: number
}

const RETRY_AFTER = /\r\nretry-after: *(\d+)/i
const MADE = '"status":201'

/** The clients are at work until `stop`, which tells what became of their requests. */
export class LongClients {
  readonly #worker: Worker

  constructor(load: LongLoad) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: load })
  }

  async stop(): Promise<LongCounts> {
    const counts = new Promise<LongCounts>((resolve, reject) => {
      this.#worker.once('message', resolve)
      this.#worker.once('error', reject)
    })
    this.#worker.postMessage('stop', [])
    const told = await counts
    await this.#worker.terminate()
    return told
  }
}

function work({ port, searches, bulks, linksPerBulk }: LongLoad): void {
  const counts: LongCounts = { searched: 0, created: 0, refused: 0, failed: 0, slowestMs: 0 }
  const salt = `long-${Date.now().toString(36)}`
  let next = 0
  const search = async (connection: RawConnection, cursor: string) => {
    const path = `/api/links?search=is-nowhere${cursor}`
    const text = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: ${API_KEY}\r\n\r\n`
    const reply = await ask(connection, text)
    if (reply === undefined) return ''
    counts.searched++
    const { nextCursor } = JSON.parse(reply.body) as { nextCursor: string | null }
    return nextCursor === null ? '' : `&cursor=${nextCursor}`
  }
  const create = async (connection: RawConnection) => {
    const from = next
    next += linksPerBulk
    const links = Array.from({ length: linksPerBulk }, (_, i) => ({ url: newUrl(salt, from + i) }))
    const reply = await ask(
      connection,
      postText('/api/links/bulk', API_KEY, JSON.stringify({ links })),
    )
    counts.created += (reply?.body.split(MADE).length ?? 1) - 1
  }
  const ask = async (connection: RawConnection, text: string): Promise<Reply | undefined> => {
    const began = performance.now()
    const reply = await new Promise<Reply | undefined>((resolve) => connection.send(text, resolve))
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - began)
    if (reply?.status === 200) return reply
    if (reply?.status === 503) counts.refused++
    else counts.failed++
    await sleep(1000 * Number(RETRY_AFTER.exec(reply?.head ?? '')?.[1] ?? 1))
    return undefined
  }
  for (let n = 0; n < searches; n++) {
    void (async (connection) => {
      for (let cursor = ''; ;) cursor = await search(connection, cursor)
    })(new RawConnection(port))
  }
  for (let n = 0; n < bulks; n++) {
    void (async (connection) => {
      for (;;) await create(connection)
    })(new RawConnection(port))
  }
  parentPort!.on('message', () => parentPort!.postMessage(counts, []))
}

if (!isMainThread) work(workerData as LongLoad)
