/** What every log must do with dead letters. Run as a part of the log's contract. */
import type { ExecutionContext } from 'ava'
import { POSITION_NONE, type LogPosition, type PartitionId } from '../../links/ids.ts'
import type { DeadLetter, Log } from './log.ts'

type Story = (
  title: string,
  tell: (t: ExecutionContext, log: Log, place: { open(): Promise<Log> }) => Promise<void>,
) => void

const P = 3 as PartitionId

export function testDeadLetters(story: Story): void {
  story('dead letters are kept by key, the newest of each', async (t, log, place) => {
    await log.addDeadLetter(letter('a', 1))
    await log.addDeadLetter(letter('b', 2))
    await log.addDeadLetter(letter('a', 3))
    await log.close()
    const again = await place.open()
    t.deepEqual(await lettersOf(again), [letter('a', 3), letter('b', 2)])
    await again.close()
  })

  story('a removed letter is gone, and removing is repeatable', async (t, log) => {
    await log.addDeadLetter(letter('a', 1))
    await log.removeDeadLetter('a', 1 as LogPosition)
    await log.removeDeadLetter('a', 1 as LogPosition)
    await log.removeDeadLetter('never', 1 as LogPosition)
    t.deepEqual(await lettersOf(log), [])
    await log.addDeadLetter(letter('a', 2))
    t.deepEqual(await lettersOf(log), [letter('a', 2)])
  })

  story(
    'a letter gives way to a later one alone, and to no removal of an earlier',
    async (t, log) => {
      await log.addDeadLetter(letter('a', 5))
      await log.addDeadLetter(letter('a', 3))
      await log.removeDeadLetter('a', 4 as LogPosition)
      t.deepEqual(await lettersOf(log), [letter('a', 5)])
      await log.addDeadLetter(letter('a', 6))
      t.deepEqual(await lettersOf(log), [letter('a', 6)])
      await log.removeDeadLetter('a', 7 as LogPosition)
      t.deepEqual(await lettersOf(log), [])
    },
  )

  story('dead letters are no entries', async (t, log) => {
    await log.addDeadLetter(letter('a', 1))
    t.is(await log.last(P), POSITION_NONE)
    t.deepEqual(await Array.fromAsync(log.readAfter(P, POSITION_NONE)), [])
  })
}

function letter(key: string, position: number): DeadLetter {
  return {
    key,
    partition: P,
    position: position as LogPosition,
    reason: `not välid: ${position}`,
    payload: Buffer.from(`payload of ${key}`),
  }
}

async function lettersOf(log: Log): Promise<DeadLetter[]> {
  const letters = await Array.fromAsync(log.deadLetters())
  return letters.sort((a, b) => (a.key < b.key ? -1 : 1))
}
