/** One process runs the webhooks, and another one when it is gone. */
import test, { type ExecutionContext } from 'ava'
import {
  MemoryKeyValueServer,
  type MemoryKeyValue,
} from '../../cluster/membership/memory-key-value.ts'
import type { NodeId } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { LEAD_LOST_MS, leadHooks } from './hook-lead.ts'

interface Process {
  readonly keyValue: MemoryKeyValue
  readonly stop: AbortController
  isLeading: boolean
  ended: Promise<void>
}

test('one leads, and another one after it has stopped', async (t) => {
  const world = newWorld(t)
  const [a, b] = [await world.start('a'), await world.start('b')]
  t.deepEqual([a.isLeading, b.isLeading], [true, false])
  a.stop.abort()
  await world.clock.pass(2_000)
  t.deepEqual([a.isLeading, b.isLeading], [false, true])
})

test('one that is cut off is replaced, and knows it when it is back', async (t) => {
  const world = newWorld(t)
  const [a, b] = [await world.start('a'), await world.start('b')]
  await world.clock.pass(30_000)
  t.deepEqual([a.isLeading, b.isLeading], [true, false])
  a.keyValue.cut()
  await world.clock.pass(LEAD_LOST_MS + 2_000)
  t.true(b.isLeading)
  a.keyValue.heal()
  await world.clock.pass(2_000)
  t.deepEqual([a.isLeading, b.isLeading], [false, true])
})

function newWorld(t: ExecutionContext) {
  const server = new MemoryKeyValueServer()
  const clock = new ManualClock()
  const processes: Process[] = []
  t.teardown(async () => {
    for (const { stop } of processes) stop.abort()
    await clock.pass(10_000)
    await Promise.all(processes.map(({ ended }) => ended))
  })
  const start = async (holder: string): Promise<Process> => {
    const keyValue = server.connect()
    const stop = new AbortController()
    const one: Process = { keyValue, stop, isLeading: false, ended: Promise.resolve() }
    processes.push(one)
    const onLead = async () => {
      one.isLeading = true
      return async () => {
        one.isLeading = false
      }
    }
    const options = { keyValue, clock, nodeId: 'n1' as NodeId, holder, onLead, onError: () => {} }
    one.ended = leadHooks(options, stop.signal)
    await clock.pass(1_500)
    return one
  }
  return { clock, start }
}
