/**
 * Open-loop load: requests go out at fixed times, whether or not earlier ones were answered, and
 * latency counts from the time at which a request was *due*.
 *
 * So a server that stops for a second shows a second of late answers, not one (no coordinated
 * omission). A request that is due while no connection is free waits in line, and the wait counts.
 * So does what the generator itself is late by: its timer wakes it every millisecond, so up to
 * that much of each latency is its own. How late it sent is reported (`generatorLateP999Ms`,
 * `generatorLateMsMax`); how late it read an answer cannot be told from the server's part.
 *
 * Rejected: autocannon's overallRate. Each of its connections sends its share of a second in one
 * burst, waits for every answer before the next request, and fills the gaps of the histogram with
 * an expected interval of 1, whatever the rate (run.js). wrk has no rate at all, and wrk2 is rarely
 * installed.
 */
import { build, type Histogram } from 'hdr-histogram-js'
import { setTimeout as sleep } from 'node:timers/promises'
import { RawConnection, type Reply } from './raw-connection.ts'

/** For each stream. */
const CONNECTIONS = 128
/** A request without an answer counts as this late. */
const ANSWER_TIMEOUT_MS = 10_000
/** Time for the connections to be made before the first request is due. */
const LEAD_MS = 100

export interface Stream {
  readonly name: string
  readonly perSecond: number
  request(index: number): string
  isCorrect(reply: Reply, index: number): boolean
  /** What counts as in time; CORRECT_WITHIN_MS if left out. */
  readonly withinMs?: number
}

export interface StreamResult {
  readonly requests: number
  readonly correct: number
  /** Answered, but not rightly. */
  readonly wrong: number
  /** Told to come again later: 503. */
  readonly refused: number
  readonly unanswered: number
  /** All but those that are correct. */
  readonly failed: number
  /** Correct and in time. */
  readonly correctInTime: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  readonly generatorLateP999Ms: number
  readonly generatorLateMsMax: number
}

const CORRECT_WITHIN_MS = 100
const REFUSED = 503

/**
 * @param ports one server, or several that share the connections evenly
 * @param stop ends the run early; what was due by then is still waited for
 */
export async function runOpenLoop(
  ports: number | readonly number[],
  seconds: number,
  streams: readonly Stream[],
  stop?: AbortSignal,
): Promise<StreamResult[]> {
  // One for each, so that a stream whose answers have to wait does not hold up another.
  const pools = streams.map(() => new Pool([ports].flat()))
  const startAt = performance.now() + LEAD_MS
  const runs = streams.map(
    (stream, index) => new StreamRun(stream, startAt, seconds, pools[index]!),
  )
  while (runs.some((run) => !run.isSent)) {
    const now = performance.now()
    for (const run of runs) {
      if (stop?.aborted === true) run.stop()
      else run.sendDue(now)
    }
    await sleep(1)
  }
  const deadline = performance.now() + ANSWER_TIMEOUT_MS
  while (runs.some((run) => run.underWay > 0) && performance.now() < deadline) await sleep(10)
  for (const pool of pools) pool.close()
  return runs.map((run) => run.result())
}

/** Connections, and the requests that wait for one in the order in which they were due. */
class Pool {
  readonly #all: RawConnection[]
  /** The one that has been free for longest is first, so that all servers get their share. */
  readonly #free: RawConnection[]
  readonly #waiting: { readonly text: string; readonly onReply: (reply?: Reply) => void }[] = []
  #waitingFrom = 0

  constructor(ports: readonly number[]) {
    const portOf = (index: number) => ports[index % ports.length]!
    this.#all = Array.from({ length: CONNECTIONS }, (_, at) => new RawConnection(portOf(at)))
    this.#free = [...this.#all]
  }

  send(text: string, onReply: (reply?: Reply) => void): void {
    const connection = this.#free.shift()
    if (connection === undefined) this.#waiting.push({ text, onReply })
    else this.#use(connection, text, onReply)
  }

  /** Requests that wait are settled as unanswered, and so are those under way. */
  close(): void {
    for (const { onReply } of this.#waiting.splice(0).slice(this.#waitingFrom)) onReply()
    for (const connection of this.#all) connection.close()
  }

  #use(connection: RawConnection, text: string, onReply: (reply?: Reply) => void): void {
    connection.send(text, (reply) => {
      onReply(reply)
      const next = this.#waiting[this.#waitingFrom]
      if (next === undefined) this.#free.push(connection)
      else {
        this.#waitingFrom++
        this.#use(connection, next.text, next.onReply)
      }
    })
  }
}

/** One stream of a run: what is due, what was answered. */
class StreamRun {
  readonly #stream: Stream
  readonly #startAt: number
  #total: number
  readonly #pool: Pool
  readonly #latencyMicros: Histogram = build({ numberOfSignificantValueDigits: 3 })
  readonly #lateMicros: Histogram = build({ numberOfSignificantValueDigits: 3 })
  #sent = 0
  #correct = 0
  #wrong = 0
  #refused = 0
  #unanswered = 0
  #correctInTime = 0

  constructor(stream: Stream, startAt: number, seconds: number, pool: Pool) {
    this.#stream = stream
    this.#startAt = startAt
    this.#total = Math.round(stream.perSecond * seconds)
    this.#pool = pool
  }

  get isSent(): boolean {
    return this.#sent === this.#total
  }

  get underWay(): number {
    return this.#sent - this.#correct - this.#failed
  }

  /** What was sent is all. */
  stop(): void {
    this.#total = this.#sent
  }

  get #failed(): number {
    return this.#wrong + this.#refused + this.#unanswered
  }

  sendDue(now: number): void {
    while (this.#sent < this.#total) {
      const dueAt = this.#startAt + (this.#sent * 1000) / this.#stream.perSecond
      if (dueAt > now) return
      this.#lateMicros.recordValue(Math.round((now - dueAt) * 1000))
      const index = this.#sent++
      this.#pool.send(this.#stream.request(index), (reply) => this.#answered(index, dueAt, reply))
    }
  }

  result(): StreamResult {
    const at = (percentile: number) => this.#latencyMicros.getValueAtPercentile(percentile) / 1000
    return {
      requests: this.#total,
      correct: this.#correct,
      wrong: this.#wrong,
      refused: this.#refused,
      unanswered: this.#unanswered,
      failed: this.#failed,
      correctInTime: this.#correctInTime,
      p50Ms: at(50),
      p99Ms: at(99),
      p999Ms: at(99.9),
      maxMs: this.#latencyMicros.maxValue / 1000,
      generatorLateP999Ms: this.#lateMicros.getValueAtPercentile(99.9) / 1000,
      generatorLateMsMax: this.#lateMicros.maxValue / 1000,
    }
  }

  #answered(index: number, dueAt: number, reply: Reply | undefined): void {
    const ms = reply === undefined ? ANSWER_TIMEOUT_MS : performance.now() - dueAt
    this.#latencyMicros.recordValue(Math.max(1, Math.round(ms * 1000)))
    if (reply === undefined) this.#unanswered++
    else if (this.#stream.isCorrect(reply, index)) {
      this.#correct++
      if (ms <= (this.#stream.withinMs ?? CORRECT_WITHIN_MS)) this.#correctInTime++
    } else if (reply.status === REFUSED) this.#refused++
    else this.#wrong++
  }
}
