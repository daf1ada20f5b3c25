import test from 'ava'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { SimulatedProcess } from './simulated-process.ts'

function start(seed = 1) {
  const scheduler = new Scheduler()
  const process = new SimulatedProcess('n1', scheduler, new Random(seed))
  return { scheduler, process, ran: [] as string[] }
}

test('a crashed process runs nothing more', async (t) => {
  const { scheduler, process, ran } = start()
  process.clock.after(5, () => ran.push('timer'))
  process.defer(() => ran.push('turn'))
  process.crash()
  process.receive(() => ran.push('message'))
  await scheduler.runUntil(100)
  t.deepEqual(ran, [])
})

test('a frozen process runs when it wakes what came meanwhile, and its clock has gone on', async (t) => {
  const { scheduler, process, ran } = start()
  const began = process.clock.now()
  process.clock.after(5, () => ran.push(`timer at ${process.clock.now() - began}`))
  process.freeze()
  await scheduler.runUntil(1_000)
  process.receive(() => ran.push('message'))
  t.deepEqual(ran, [])
  process.thaw()
  await scheduler.runUntil(1_000)
  t.deepEqual(ran.toSorted(), ['message', 'timer at 1000'])
})

test('after a thaw timers or messages come first, each in their order', async (t) => {
  const orders = new Set<string>()
  for (let seed = 1; seed <= 20; seed++) {
    const { scheduler, process, ran } = start(seed)
    process.freeze()
    process.clock.after(20, () => ran.push('t2'))
    process.clock.after(5, () => ran.push('t1'))
    process.receive(() => ran.push('m1'))
    process.receive(() => ran.push('m2'))
    await scheduler.runUntil(100)
    process.thaw()
    await scheduler.runUntil(100)
    orders.add(ran.join(' '))
  }
  t.deepEqual([...orders].toSorted(), ['m1 m2 t1 t2', 't1 t2 m1 m2'])
})

test('what a process cancels before it freezes or while others run does not happen', async (t) => {
  const { scheduler, process, ran } = start()
  const cancel = process.clock.after(5, () => ran.push('timer'))
  process.clock.after(1, cancel)
  process.freeze()
  await scheduler.runUntil(100)
  process.thaw()
  await scheduler.runUntil(100)
  t.deepEqual(ran, [])
})
