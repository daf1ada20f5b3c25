import test from 'ava'
import { Scheduler } from './scheduler.ts'

test('events run in order of time, and of scheduling where the time is the same', async (t) => {
  const scheduler = new Scheduler()
  const ran: string[] = []
  for (const [name, ms] of [
    ['late', 5],
    ['soon', 1],
    ['then', 5],
    ['now', 0],
  ] as const) {
    scheduler.after(ms, () => ran.push(`${name} ${scheduler.now}`))
  }
  await scheduler.runUntil(10)
  t.deepEqual(ran, ['now 0', 'soon 1', 'late 5', 'then 5'])
  t.is(scheduler.now, 10)
})

test('many events run in order, whatever order they came in', async (t) => {
  const scheduler = new Scheduler()
  const times: number[] = []
  for (let index = 0; index < 500; index++) {
    scheduler.after((index * 7919) % 503, () => times.push(scheduler.now))
  }
  await scheduler.runUntil(1_000)
  t.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  t.is(times.length, 500)
})

test('all promise callbacks of an event run before the next event', async (t) => {
  const scheduler = new Scheduler()
  const ran: string[] = []
  scheduler.after(1, () => {
    void (async () => {
      for (let step = 1; step <= 50; step++) await Promise.resolve()
      ran.push('callbacks of the first')
    })()
  })
  scheduler.after(1, () => ran.push('second'))
  await scheduler.runUntil(1)
  t.deepEqual(ran, ['callbacks of the first', 'second'])
})

test('a cancelled event does not run, and one that is too far off waits', async (t) => {
  const scheduler = new Scheduler()
  const ran: string[] = []
  scheduler.after(1, () => ran.push('cancelled'))()
  scheduler.after(20, () => ran.push('later'))
  await scheduler.runUntil(19)
  t.deepEqual(ran, [])
  await scheduler.runUntil(20)
  t.deepEqual(ran, ['later'])
})
