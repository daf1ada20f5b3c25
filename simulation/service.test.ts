import test from 'ava'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { NO_FAULTS, Service, type Faults } from './service.ts'
import { SimulatedProcess } from './simulated-process.ts'
import { SILENT } from './story.ts'

/** A service that counts, and a caller of it. */
function start(faults: Partial<Faults> = {}) {
  const scheduler = new Scheduler()
  const process = new SimulatedProcess('n1', scheduler, new Random(1))
  const service = new Service('log', new Random(2), SILENT)
  service.faults = { ...NO_FAULTS, ...faults }
  const state = { count: 0 }
  const outcomes: string[] = []
  const call = () => {
    service
      .call(
        process,
        () => 'count',
        async () => ++state.count,
        (isCertain) => new Error(isCertain ? 'certain' : 'uncertain'),
      )
      .then(
        (count) => outcomes.push(`done ${count}`),
        (error: unknown) => outcomes.push((error as Error).message),
      )
  }
  return { scheduler, process, service, state, outcomes, call }
}

test('a call takes effect and is answered a little later', async (t) => {
  const { scheduler, state, outcomes, call } = start()
  call()
  t.is(state.count, 0)
  await scheduler.runUntil(10)
  t.deepEqual([state.count, outcomes], [1, ['done 1']])
})

test('a refused call has no effect, for certain', async (t) => {
  const { scheduler, state, outcomes, call } = start({ refused: 1 })
  call()
  await scheduler.runUntil(10_000)
  t.deepEqual([state.count, outcomes], [0, ['certain']])
})

test('a call whose answer is lost has its effect', async (t) => {
  const { scheduler, state, outcomes, call } = start({ answerLost: 1 })
  call()
  await scheduler.runUntil(10)
  t.deepEqual([state.count, outcomes], [1, []])
  await scheduler.runUntil(10_000)
  t.deepEqual([state.count, outcomes], [1, ['uncertain']])
})

test('a late call has its effect after its caller has given up', async (t) => {
  const { scheduler, state, outcomes, call } = start({ late: 1 })
  call()
  await scheduler.runUntil(600)
  t.deepEqual([state.count, outcomes], [0, ['uncertain']])
  await scheduler.runUntil(10_000)
  t.deepEqual([state.count, outcomes], [1, ['uncertain']])
})

test('while the service is down, or the process is cut off, nothing has an effect', async (t) => {
  const { scheduler, process, service, state, outcomes, call } = start()
  service.isDown = true
  call()
  await scheduler.runUntil(1_000)
  service.isDown = false
  service.cut(process)
  call()
  await scheduler.runUntil(2_000)
  t.deepEqual([state.count, outcomes.length], [0, 2])
  service.mend(process)
  call()
  await scheduler.runUntil(3_000)
  t.deepEqual([state.count, outcomes.at(-1)], [1, 'done 1'])
})

test('a cut between effect and answer leaves the caller in doubt', async (t) => {
  const { scheduler, process, service, state, outcomes, call } = start({ delayMsMax: 200 })
  call()
  while (state.count === 0) await scheduler.runUntil(scheduler.now + 1)
  service.cut(process)
  await scheduler.runUntil(1_000)
  t.deepEqual([state.count, outcomes], [1, ['uncertain']])
})

test('what a process had sent before it crashed takes effect', async (t) => {
  const { scheduler, process, state, outcomes, call } = start()
  call()
  process.crash()
  await scheduler.runUntil(1_000)
  t.deepEqual([state.count, outcomes], [1, []])
})
