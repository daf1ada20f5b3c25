/**
 * The operator's file of blocked hosts: read at the start, and again when it has changed.
 *
 * Used by a node with a gateway (`node/front.ts`). One that cannot be understood as a whole is not taken: at the start
 * that stops it, later the last good list goes on to hold, which is told once and counted. It is looked at by
 * its time, size and number once a second: a file that is mounted or replaced by another is not seen by
 * `fs.watch`. A list of 300,000 hosts is read in pieces, so that redirects come in between. Whoever writes it should
 * write another file and rename it: half a file is a shorter list.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../../links/clock.ts'
import { StartError } from '../../links/errors.ts'
import { hostsInLine } from './host-lines.ts'

export interface HostFileOptions {
  readonly file: string
  readonly clock: Clock
  /** Given the list at the start, and each that is another. */
  readonly onList: (hosts: ReadonlySet<string>) => void
  /** Told once of each reason why the file as it is now cannot be taken. */
  readonly onBroken: (why: string) => void
  readonly lookEveryMs?: number
}

const LOOK_EVERY_MS = 1_000
const PIECE_BYTES = 32 * 1024
const HOST_FILE_BYTES_MAX = 64 * 2 ** 20
const HOST_FILE_HOSTS_MAX = 1_000_000

export class HostFile {
  /** Since the start: how often it was found changed and not taken. */
  failures = 0
  /** Whether the list that holds is the file as it is now. */
  isCurrent = true
  readonly #options: HostFileOptions
  /** Of what the list that holds was read from; null: there is none yet, or it changed while it was read. */
  #stamp: string | null = null
  /** Of what could not be understood: it is not read again until it changes. */
  #brokenStamp = ''
  #told = ''
  #hasList = false
  #isClosed = false
  #cancel: () => void = () => {}
  #looking: Promise<void> = Promise.resolve()

  private constructor(options: HostFileOptions) {
    this.#options = options
  }

  /** @throws StartError if there is no such file, or it cannot be understood */
  static async open(options: HostFileOptions): Promise<HostFile> {
    const file = new HostFile(options)
    try {
      await file.#read(await stampOf(options.file))
    } catch (error) {
      const where = path.resolve(options.file)
      throw new StartError(`The blocked hosts in ${where} cannot be taken: ${reasonOf(error)}`)
    }
    file.#lookLater()
    return file
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await this.#looking
  }

  #lookLater(): void {
    if (this.#isClosed) return
    const { clock, lookEveryMs = LOOK_EVERY_MS } = this.#options
    this.#cancel = clock.after(lookEveryMs, () => {
      this.#looking = this.#look().finally(() => this.#lookLater())
    })
  }

  async #look(): Promise<void> {
    let stamp = ''
    try {
      stamp = await stampOf(this.#options.file)
      if (stamp === this.#brokenStamp || (stamp === this.#stamp && this.isCurrent)) return
      await this.#read(stamp)
      this.isCurrent = true
      this.#brokenStamp = ''
      this.#told = ''
    } catch (error) {
      this.#brokenStamp = stamp
      this.#fail(reasonOf(error))
    }
  }

  async #read(stamp: string): Promise<void> {
    const { file, onList } = this.#options
    const hosts = await readHosts(file)
    const isWhole = (await stampOf(file)) === stamp
    this.#stamp = isWhole ? stamp : null
    // Changed while it was read: the next look reads it again.
    if (!isWhole && this.#hasList) return
    this.#hasList = true
    onList(hosts)
  }

  #fail(why: string): void {
    this.isCurrent = false
    if (why === this.#told) return
    this.#told = why
    this.failures++
    this.#options.onBroken(why)
  }
}

async function stampOf(file: string): Promise<string> {
  const { mtimeMs, ctimeMs, size, ino } = await stat(file)
  return `${mtimeMs} ${ctimeMs} ${size} ${ino}`
}

/** @throws Error if it cannot be read or understood */
async function readHosts(file: string): Promise<ReadonlySet<string>> {
  const hosts = new Set<string>()
  const stream = createReadStream(file, { encoding: 'utf8', highWaterMark: PIECE_BYTES })
  let rest = ''
  let number = 0
  let bytes = 0
  const take = (line: string) => {
    number++
    const found = hostsInLine(number === 1 ? line.replace(/^\uFEFF/, '') : line)
    if (found === undefined) throw new Error(`line ${number} names no host: ${shown(line)}`)
    for (const host of found) hosts.add(host)
    if (hosts.size > HOST_FILE_HOSTS_MAX) throw new Error(`more than ${HOST_FILE_HOSTS_MAX} hosts`)
  }
  for await (const piece of stream as AsyncIterable<string>) {
    bytes += Buffer.byteLength(piece)
    if (bytes > HOST_FILE_BYTES_MAX) throw new Error(`more than ${HOST_FILE_BYTES_MAX} bytes`)
    const lines = (rest + piece).split('\n')
    rest = lines.pop()!
    for (const line of lines) take(line)
    if (rest.length > PIECE_BYTES) throw new Error(`line ${number + 1} is too long`)
  }
  take(rest)
  return hosts
}

const SHOWN_LENGTH_MAX = 80

function shown(line: string): string {
  return JSON.stringify(line.slice(0, SHOWN_LENGTH_MAX))
}

function reasonOf(error: unknown): string {
  return (error as Error).message
}
