/**
 * How far an import has come, in a file beside its input, so that it can go on after any end.
 *
 * Written as a whole and renamed into place after each chunk, so a killed import leaves the last
 * complete state. It names the input and the server, and is refused for others. It also says how
 * long the result files were at that moment: what was written after it is cut off when the import
 * goes on, and so appears once.
 */
import { rename, rm, writeFile } from 'node:fs/promises'
import { CommandError } from './command-error.ts'
import { readIfThere } from './kept-file.ts'
import { isSameInput, type InputIdentity } from './input.ts'

const FORMAT = 1

export interface Progress {
  readonly input: InputIdentity
  readonly server: string
  /** Items of the input with a final outcome, from its beginning; the next to send is this one. */
  readonly done: number
  readonly made: number
  readonly reused: number
  readonly failed: number
  /**
   * Set while items after `done` may be on their way: the server's time when the first of them was
   * sent. null: none is, the import was left in order.
   */
  readonly inDoubtSinceMs: number | null
  readonly errorsBytes: number
  readonly outputBytes: number
}

export class ProgressFile {
  /** undefined: nothing is kept. */
  readonly path: string | undefined

  constructor(path: string | undefined) {
    this.path = path
  }

  /** What an earlier run of the same import left, if anything. */
  async load(input: InputIdentity, server: string): Promise<Progress | undefined> {
    const saved = this.path === undefined ? undefined : await readIfThere(this.path)
    if (saved === undefined) return undefined
    const progress = parseProgress(saved)
    if (progress === undefined) throw this.#refused('cannot be read')
    if (!isSameInput(progress.input, input)) throw this.#refused('belongs to another input')
    if (progress.server !== server) throw this.#refused(`belongs to ${progress.server}`)
    return progress
  }

  async save(progress: Progress): Promise<void> {
    if (this.path === undefined) return
    const next = `${this.path}.next`
    await writeFile(next, `${JSON.stringify({ format: FORMAT, ...progress })}\n`)
    await rename(next, this.path)
  }

  async remove(): Promise<void> {
    if (this.path !== undefined) await rm(this.path, { force: true })
  }

  #refused(why: string): CommandError {
    return new CommandError(`The progress file ${this.path} ${why}. --restart starts afresh.`)
  }
}

function parseProgress(text: string): Progress | undefined {
  try {
    const value = JSON.parse(text) as Progress & { format: number }
    return value.format === FORMAT && Number.isInteger(value.done) ? value : undefined
  } catch {
    return undefined
  }
}
