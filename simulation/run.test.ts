import test from 'ava'
import { scheduleOf } from './schedule.ts'
import { SETTINGS } from './settings.ts'

async function storyOf(seed: number, setting: keyof typeof SETTINGS): Promise<readonly string[]> {
  const lines: string[] = []
  const result = await SETTINGS[setting].run(seed, { print: (line) => lines.push(line) })
  return [...lines, JSON.stringify(result)]
}

for (const setting of ['lone', 'clicks', 'cluster'] as const) {
  test(`a seed tells the same story each time, and another seed another (${setting})`, async (t) => {
    const first = await storyOf(7, setting)
    t.true(first.length > 200)
    t.deepEqual(await storyOf(7, setting), first)
    t.notDeepEqual(await storyOf(8, setting), first)
  })
}

test('schedules have disturbances of every kind', (t) => {
  const schedules = Array.from({ length: 200 }, (_, index) => scheduleOf(index + 1))
  const kinds = new Set(
    schedules.flatMap(({ disturbances }) => disturbances.map(({ kind }) => kind)),
  )
  const all = ['blackout', 'crash', 'cut', 'freeze', 'join', 'leave', 'outage', 'part', 'strangers']
  t.deepEqual([...kinds].toSorted(), all)
})
