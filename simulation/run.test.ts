import test from 'ava'
import { runSeed } from './run.ts'
import { scheduleOf } from './schedule.ts'
import { SETTINGS } from './settings.ts'

async function storyOf(seed: number): Promise<readonly string[]> {
  const lines: string[] = []
  const result = await runSeed(seed, { ...SETTINGS.lone, print: (line) => lines.push(line) })
  return [...lines, JSON.stringify(result)]
}

test('a seed tells the same story each time, and another seed another', async (t) => {
  const first = await storyOf(7)
  t.true(first.length > 200)
  t.deepEqual(await storyOf(7), first)
  t.notDeepEqual(await storyOf(8), first)
})

test('schedules have disturbances of every kind', (t) => {
  const schedules = Array.from({ length: 200 }, (_, index) => scheduleOf(index + 1))
  const kinds = new Set(
    schedules.flatMap(({ disturbances }) => disturbances.map(({ kind }) => kind)),
  )
  const all = ['blackout', 'crash', 'cut', 'freeze', 'join', 'leave', 'outage', 'part']
  t.deepEqual([...kinds].toSorted(), all)
})
