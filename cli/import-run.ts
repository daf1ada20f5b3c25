/**
 * One import from its first item to its last: a few chunks in flight, settled in input order.
 *
 * Settling a chunk writes its rows to the result files and then the progress file, in that order,
 * so that a kill between the two repeats rows instead of losing them (the progress file says where
 * to cut). Chunks after the first unsettled one may be with the server already; what keeps them
 * from being made twice is `in-doubt.ts`.
 */
import type { ApiClient } from './api-client.ts'
import type { BulkSender, Outcome } from './bulk-sender.ts'
import { chunksOf } from './chunks.ts'
import type { InputIdentity } from './input.ts'
import { fieldNamed, type InputItem, type ItemFailure } from './link-input.ts'
import type { Progress, ProgressFile } from './progress-file.ts'
import type { ResultFile } from './result-file.ts'

/** Enough to keep the server at work while an answer travels. */
export const CHUNKS_IN_FLIGHT_MAX = 4

export const ERROR_COLUMNS = ['line', 'column', 'code', 'detail', 'url']
export const OUTPUT_COLUMNS = ['url', 'shortUrl', 'code', 'status']

export interface ImportParts {
  readonly items: AsyncIterable<InputItem>
  readonly identity: InputIdentity
  readonly client: ApiClient
  readonly sender: BulkSender
  readonly progressFile: ProgressFile
  readonly errors: ResultFile
  readonly output: ResultFile
  /** What an earlier run left. */
  readonly resumed: Progress | undefined
  readonly interrupted: AbortSignal
  /** Told after each chunk. */
  readonly onProgress: (progress: Progress) => void
  /** Told every failed item. */
  readonly onFailure: (item: InputItem, outcome: Outcome) => void
}

interface ChunkInFlight {
  readonly items: readonly InputItem[]
  /** The server's time before it was sent. */
  readonly sinceMs: number
  readonly outcomes: Promise<readonly Outcome[]>
}

export class ImportRun {
  readonly #parts: ImportParts
  readonly #inFlight: ChunkInFlight[] = []
  /** Chunks from the start of a resumed run that the earlier one may have sent. */
  #chunksInDoubt: number
  #progress: Progress

  constructor(parts: ImportParts) {
    this.#parts = parts
    this.#progress = parts.resumed ?? this.#nothingDone()
    const isInDoubt = parts.resumed !== undefined && parts.resumed.inDoubtSinceMs !== null
    this.#chunksInDoubt = isInDoubt ? CHUNKS_IN_FLIGHT_MAX : 0
  }

  /** Everything, or as far as it came before an interruption; rejects when it cannot go on. */
  async run(): Promise<Progress> {
    for await (const items of chunksOf(this.#parts.items, this.#progress.done)) {
      if (this.#parts.interrupted.aborted) break
      const isInDoubt = this.#chunksInDoubt > 0
      if (isInDoubt) this.#chunksInDoubt--
      const sinceMs = this.#sinceMs(isInDoubt)
      // Before it is sent: a kill in between must find on record that it may have been.
      if (this.#inFlight.length === 0) await this.#save(sinceMs)
      this.#start(items, sinceMs, isInDoubt)
      if (this.#inFlight.length === CHUNKS_IN_FLIGHT_MAX) await this.#settleFirst()
    }
    while (this.#inFlight.length > 0) await this.#settleFirst()
    return this.#progress
  }

  #sinceMs(isInDoubt: boolean): number {
    return isInDoubt ? this.#parts.resumed!.inDoubtSinceMs! : this.#parts.client.serverTimeMs
  }

  #start(items: readonly InputItem[], sinceMs: number, isInDoubt: boolean): void {
    const outcomes = this.#outcomesOf(items, sinceMs, isInDoubt)
    // A later chunk may fail while an earlier one is awaited; the failure is met in its turn.
    outcomes.catch(() => {})
    this.#inFlight.push({ items, sinceMs, outcomes })
  }

  async #outcomesOf(items: readonly InputItem[], sinceMs: number, isInDoubt: boolean) {
    const links = items.flatMap(({ content }) => ('link' in content ? [content.link] : []))
    const answers = (await this.#parts.sender.send(links, sinceMs, isInDoubt)).values()
    return items.map(({ content }): Outcome => {
      if ('link' in content) return answers.next().value!
      return { status: 400, code: '', shortUrl: '', failure: content.failure }
    })
  }

  async #settleFirst(): Promise<void> {
    const { items, outcomes } = this.#inFlight[0]!
    const settled = await outcomes
    this.#inFlight.shift()
    this.#writeRows(items, settled)
    const failed = settled.filter((outcome) => outcome.failure !== undefined).length
    const reused = settled.filter((outcome) => outcome.status === 200).length
    this.#progress = {
      ...this.#progress,
      done: this.#progress.done + items.length,
      made: this.#progress.made + items.length - failed - reused,
      reused: this.#progress.reused + reused,
      failed: this.#progress.failed + failed,
    }
    await this.#save(this.#inFlight[0]?.sinceMs ?? null)
    this.#parts.onProgress(this.#progress)
  }

  #writeRows(items: readonly InputItem[], outcomes: readonly Outcome[]): void {
    const errorRows: string[][] = []
    const outputRows: string[][] = []
    for (const [at, item] of items.entries()) {
      const { failure, shortUrl, code, status } = outcomes[at]!
      const url = urlOf(item)
      outputRows.push([url, shortUrl, code, String(status)])
      if (failure === undefined) continue
      const column = columnOf(item, failure)
      // Without a URL the name is all by which it is found.
      const detail = url === '' && item.name ? `${item.name}: ${failure.detail}` : failure.detail
      errorRows.push([String(item.line), `${column ?? ''}`, failure.code, detail, url])
      this.#parts.onFailure(item, outcomes[at]!)
    }
    this.#parts.errors.append(errorRows)
    this.#parts.output.append(outputRows)
  }

  /** @param inDoubtSinceMs the server's time before the first chunk that is not settled was sent */
  async #save(inDoubtSinceMs: number | null): Promise<void> {
    this.#progress = {
      ...this.#progress,
      inDoubtSinceMs,
      errorsBytes: this.#parts.errors.bytes,
      outputBytes: this.#parts.output.bytes,
    }
    await this.#parts.progressFile.save(this.#progress)
  }

  #nothingDone(): Progress {
    return {
      input: this.#parts.identity,
      server: this.#parts.client.baseUrl.origin,
      done: 0,
      made: 0,
      reused: 0,
      failed: 0,
      inDoubtSinceMs: null,
      errorsBytes: 0,
      outputBytes: 0,
    }
  }
}

/** Where on the line of the item the fault is, if it can be told. */
export function columnOf(item: InputItem, failure: ItemFailure): number | undefined {
  if (failure.column !== undefined) return failure.column
  const field = fieldNamed(/^\w*/.exec(failure.field ?? '')![0])
  return field === undefined ? undefined : item.columnOf(field)
}

/** The URL as the input has it, for the person who looks for it. */
function urlOf({ content }: InputItem): string {
  if (!('link' in content) || content.link.url === undefined) return ''
  const { url } = content.link
  return typeof url === 'string' ? url : JSON.stringify(url)
}
