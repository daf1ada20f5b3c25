/** What DuckDB has acknowledged is there after SIGKILL, with its position and no click twice. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import test from 'ava'
import { DuckDbClickStore } from './duckdb-click-store.ts'

const ROUNDS = 4
const CLICKS_EACH = 300
/** Small, so that a kill may hit the file as well as the write-ahead log. */
const SETTINGS = {
  memoryBytesMax: 2 ** 28,
  threads: 1,
  questionMsMax: 60_000,
  checkpointBytes: 2 ** 17,
}
const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)

/** Appends without end; prints each position once it is safe. */
const APPENDER = `
  import { DuckDbClickStore } from ${here('./duckdb-click-store.ts')}
  import { sampleClick } from ${here('../testing/sample-clicks.ts')}
  const settings = ${JSON.stringify(SETTINGS)}
  const store = await DuckDbClickStore.open({ ...settings, directory: process.argv[1] })
  for (let position = (await store.position()) + 1; true; position++) {
    const clicks = Array.from({ length: ${CLICKS_EACH} }, (_, index) => sampleClick({ position, index }))
    await store.append(clicks, position)
    process.stdout.write(position + '\\n')
  }`

test('every acknowledged append is there after a kill, once', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-kill-'))
  t.teardown(() => rm(directory, { recursive: true }))
  for (let round = 1; round <= ROUNDS; round++) {
    const acknowledged = await runAndKill(directory, round * 5)
    const store = await DuckDbClickStore.open({ ...SETTINGS, directory })
    const position = await store.position()
    t.true(position === acknowledged || position === acknowledged + 1)
    t.is((await store.facts()).clicks, position * CLICKS_EACH)
    t.is((await store.mostClicked(0, 1))[0]!.clicks, position * CLICKS_EACH)
    await store.close()
  }
})

/** Gives the last position that was printed before the kill. */
async function runAndKill(directory: string, appends: number): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', APPENDER, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let last = 0
  let count = 0
  for await (const line of createInterface(child.stdout)) {
    last = Number(line)
    if (++count === appends) child.kill('SIGKILL')
  }
  await exited
  return last
}
