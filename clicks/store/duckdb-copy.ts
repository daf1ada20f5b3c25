/**
 * Copies a click store in DuckDB into a file of its own, and gives the bytes of that.
 *
 * One statement copies all tables, so they are of one moment, with the position of that moment; the file of the
 * store itself changes while it is read. For as long it takes the room of a second store on the disk.
 */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import path from 'node:path'
import { CLICK_STORE_FILE } from './duckdb-database.ts'
import type { DuckDbTurn } from './duckdb-turns.ts'

/** As DuckDB calls the database: its file without the ending. */
const SOURCE = path.parse(CLICK_STORE_FILE).name
/** Well below what is waited for a piece. */
const SIGN_EVERY_MS = 5_000

/** @param directory where the file is written, read and removed */
export async function* readCopy(
  directory: string,
  take: (work: (turn: DuckDbTurn) => Promise<unknown>) => Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  const name = `copy_${randomUUID().replaceAll('-', '')}`
  const file = path.join(directory, `${name}.duckdb`)
  const copying = take((turn) => copyInto(turn, name, file))
  try {
    yield* signsUntil(copying)
    yield* createReadStream(file) as AsyncIterable<Uint8Array>
  } finally {
    await copying.catch(() => {})
    await rm(file, { force: true })
    await rm(`${file}.wal`, { force: true })
  }
}

async function copyInto(turn: DuckDbTurn, name: string, file: string): Promise<void> {
  await turn.read(`ATTACH '${file.replaceAll("'", "''")}' AS ${name}`)
  try {
    await turn.read(`COPY FROM DATABASE ${SOURCE} TO ${name}`)
  } finally {
    // Brings all of it into the file.
    await turn.read(`DETACH ${name}`)
  }
}

/** Empty pieces now and then, until the copying is done. @throws what that does */
export async function* signsUntil(copying: Promise<unknown>): AsyncGenerator<Uint8Array> {
  while (await isUnderWay(copying)) yield new Uint8Array()
}

async function isUnderWay(copying: Promise<unknown>): Promise<boolean> {
  const over = new AbortController()
  try {
    const sign = sleep(SIGN_EVERY_MS, true, { signal: over.signal }).catch(() => true)
    return await Promise.race([copying.then(() => false), sign])
  } finally {
    over.abort()
  }
}
