/**
 * Up to which event a follower has written everything, in a file that survives any end.
 *
 * Written whole beside it, synced, and renamed into place. It names the server, and is refused for another
 * one: ids mean nothing there.
 */
import { open, rename } from 'node:fs/promises'
import { CommandError } from './command-error.ts'
import { readIfThere } from './kept-file.ts'

const FORMAT = 1

interface Saved {
  readonly format: number
  readonly server: string
  readonly id: string
}

export class EventPosition {
  readonly #path: string | undefined
  readonly #server: string

  /** @param path undefined: nothing is kept */
  constructor(path: string | undefined, server: string) {
    this.#path = path
    this.#server = server
  }

  /** undefined: none was saved. */
  async load(): Promise<string | undefined> {
    if (this.#path === undefined) return undefined
    const text = await readIfThere(this.#path)
    if (text === undefined) return undefined
    const saved = parse(text)
    if (saved === undefined) throw this.#refused('cannot be understood')
    if (saved.server !== this.#server) throw this.#refused(`belongs to ${saved.server}`)
    return saved.id
  }

  async save(id: string): Promise<void> {
    if (this.#path === undefined) return
    const next = `${this.#path}.next`
    const saved: Saved = { format: FORMAT, server: this.#server, id }
    try {
      const file = await open(next, 'w')
      try {
        await file.writeFile(`${JSON.stringify(saved)}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(next, this.#path)
    } catch (error) {
      throw new CommandError(`${this.#path} cannot be written: ${(error as Error).message}`)
    }
  }

  #refused(why: string): CommandError {
    return new CommandError(`The position in ${this.#path} ${why}. Remove it to begin anew.`)
  }
}

function parse(text: string): Saved | undefined {
  try {
    const { format, server, id } = JSON.parse(text) as Partial<Saved>
    if (format !== FORMAT || typeof server !== 'string' || typeof id !== 'string') return undefined
    return { format, server, id }
  } catch {
    return undefined
  }
}
