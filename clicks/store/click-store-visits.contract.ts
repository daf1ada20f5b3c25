/** How a store gives clicks one by one. Run as a part of the store's contract. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as fc from 'fast-check'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Code, EpochMs } from '../../links/ids.ts'
import type { PlacedClick } from '../click.ts'
import { NOON, sampleClick, sampleQuestion } from '../testing/sample-clicks.ts'
import type { Story } from './click-store.contract.ts'
import { VISITS_CHUNK_MAX, type ClickStore } from './click-store.ts'
import { csvLine } from './visit-lines.ts'
import type { VisitsQuestion } from './question.ts'

export function testVisits(story: Story, hasParquet: boolean): void {
  story('visits are paged by cursor, with equal times too', async (t, store) => {
    const clicks = manyClicks()
    await store.append(clicks, 3)
    const newestFirst = clicks.toSorted(
      (a, b) => b.at - a.at || b.position - a.position || b.index - a.index,
    )
    t.deepEqual(await visitsOf(store, sampleQuestion()), newestFirst)
    const paged: PlacedClick[] = []
    for (let last: PlacedClick | undefined; ; last = paged.at(-1)) {
      const after = last === undefined ? {} : { after: cursorOf(last) }
      const page = await visitsOf(store, { ...sampleQuestion(), ...after, visitsMax: 13 })
      if (page.length === 0) break
      t.true(page.length <= 13)
      paged.push(...page)
    }
    t.deepEqual(paged, newestFirst)
  })

  story('visits come in chunks, and may be broken off', async (t, store) => {
    const count = 2 * VISITS_CHUNK_MAX + 10
    await store.append(
      Array.from({ length: count }, (_, index) =>
        sampleClick({ index, at: timeOf(index % 1_000) }),
      ),
      1,
    )
    const sizes = []
    for await (const chunk of store.visits(sampleQuestion())) sizes.push(chunk.length)
    t.true(sizes.every((size) => size > 0 && size <= VISITS_CHUNK_MAX))
    t.is(
      sizes.reduce((sum, size) => sum + size, 0),
      count,
    )
    for (let time = 0; time < 5; time++) {
      for await (const chunk of store.visits(sampleQuestion())) {
        t.is(chunk[0]!.at, timeOf(999))
        break
      }
    }
  })

  story('visits years apart are found', async (t, store) => {
    const years = [2001, 2002, 2015, 2026]
    const clicks = years.map((year, index) => sampleClick({ index, at: Date.UTC(year) as EpochMs }))
    await store.append(clicks, 1)
    const question = sampleQuestion({ from: 0 as EpochMs, to: NOON })
    t.deepEqual(await visitsOf(store, question), clicks.toReversed())
  })

  testCsv(story)
  if (hasParquet) testParquet(story)
}

function testCsv(story: Story): void {
  story('visits are told as CSV, whatever texts they have', async (t, store) => {
    const text = fc.string({
      unit: fc.constantFrom(
        ...'=+-@\t\r\n",;\'aä \u001e\u001f\ud83d\ude00'.split(/(?=[^\udc00-\udfff])/u),
      ),
      maxLength: 6,
    })
    const texts = fc.sample(
      fc.record({ network: text, referrerPath: text, utmSource: text, node: text }),
      {
        numRuns: 40,
        seed: 20_261_127,
      },
    )
    const plain = manyClicks('/')
    const late = Date.UTC(10_001) as EpochMs
    const careful = texts.map((some, index) =>
      sampleClick({ ...some, index, position: 4, at: timeOf(50) }),
    )
    await store.append([...plain, ...careful, sampleClick({ at: late, index: 99, position: 4 })], 4)
    const questions: VisitsQuestion[] = [
      sampleQuestion(),
      { ...sampleQuestion(), visitsMax: 7 },
      { ...sampleQuestion({ code: 'a' as Code }), after: cursorOf(plain[20]!) },
      sampleQuestion({ from: late, to: (late + 1) as EpochMs }),
      sampleQuestion({ from: 1 as EpochMs, to: 2 as EpochMs }),
    ]
    for (const question of questions) {
      const lines = (await visitsOf(store, question)).map(csvLine).join('')
      const told = Buffer.concat(await Array.fromAsync(store.visitsCsv(question))).toString()
      t.is(told, lines)
    }
  })

  story('many visits at once, and of one moment, are told as CSV each once', async (t, store) => {
    const count = 3 * VISITS_CHUNK_MAX
    const clicks = Array.from({ length: 2 * count }, (_, index) =>
      sampleClick({ index, at: index < count ? timeOf(0) : timeOf(index % 1_000) }),
    )
    await store.append(clicks, 1)
    const lines = (await visitsOf(store, sampleQuestion())).map(csvLine)
    t.is(new Set(lines).size, 2 * count)
    const told = Buffer.concat(await Array.fromAsync(store.visitsCsv(sampleQuestion()))).toString()
    t.true(told === lines.join(''))
    for await (const piece of store.visitsCsv(sampleQuestion())) {
      t.true(piece.length > 0)
      break
    }
  })
}

function testParquet(story: Story): void {
  story('visits are told as Parquet', async (t, store) => {
    const clicks = manyClicks()
    await store.append(clicks, 3)
    const question = { ...sampleQuestion({ code: 'a' as Code }), visitsMax: 25 }
    const bytes = Buffer.concat(await Array.fromAsync(store.visitsParquet(question)))
    t.deepEqual(await readParquet(bytes), await visitsOf(store, question))
  })

  story('no visits are a Parquet file too, and one may be broken off', async (t, store) => {
    const bytes = Buffer.concat(await Array.fromAsync(store.visitsParquet(sampleQuestion())))
    t.deepEqual(await readParquet(bytes), [])
    await store.append(manyClicks(), 3)
    for await (const chunk of store.visitsParquet(sampleQuestion())) {
      t.true(chunk.length > 0)
      break
    }
  })
}

async function visitsOf(store: ClickStore, question: VisitsQuestion): Promise<PlacedClick[]> {
  return (await Array.fromAsync(store.visits(question))).flat()
}

function manyClicks(referrerPath?: string): PlacedClick[] {
  return Array.from({ length: 60 }, (_, number) =>
    sampleClick({
      code: (number % 2 === 0 ? 'a' : 'b') as Code,
      at: timeOf((number * 7) % 5),
      position: 1 + Math.floor(number / 20),
      index: number % 20,
      referrerPath: referrerPath ?? `/${number}"';\\\n`,
      visitor: number % 3 === 0 ? '' : (number * 1e12).toString(16).padStart(16, '0'),
    }),
  )
}

function timeOf(number: number): EpochMs {
  return (NOON + number) as EpochMs
}

function cursorOf({ at, position, index }: PlacedClick) {
  return { at, position, index }
}

/** The rows of the file with their columns as they are called. */
async function readParquet(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-parquet-'))
  try {
    const file = path.join(directory, 'visits.parquet')
    await writeFile(file, bytes)
    const duck = await DuckDBInstance.create(':memory:', { threads: '1' })
    const connection = await duck.connect()
    const reader = await connection.runAndReadAll(
      `SELECT * REPLACE (epoch_ms("at") AS "at") FROM read_parquet('${file}')`,
    )
    const rows = reader.getRowObjects()
    connection.closeSync()
    duck.closeSync()
    return rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          typeof value === 'bigint' ? Number(value) : value,
        ]),
      ),
    )
  } finally {
    await rm(directory, { recursive: true })
  }
}
