/** What every log must keep free for epoch records. Run as a part of the log's contract. */
import type { ExecutionContext } from 'ava'
import { hasCode } from '../../links/errors.ts'
import { POSITION_NONE, type PartitionId } from '../../links/ids.ts'
import type { Log } from './log.ts'

type Story = (
  title: string,
  tell: (t: ExecutionContext, log: Log) => Promise<void>,
  logBytesMax: number,
) => void

/** A log may have a bound for every so many partitions; these share one. */
const [P, Q] = [3, 3 + 16] as PartitionId[] as [PartitionId, PartitionId]
/** Two of it fit below the bound. */
const PAYLOAD = Buffer.alloc(5000, 'x')

export function testReserve(story: Story): void {
  story(
    'a full log takes epoch records, by which somebody comes to trim it',
    async (t, log) => {
      const first = await log.append(P, PAYLOAD, POSITION_NONE)
      const second = await log.append(P, PAYLOAD, first)
      const write = () => log.append(Q, PAYLOAD, POSITION_NONE)
      t.true(hasCode(await t.throwsAsync(write()), 'log_full'))
      const opened = await log.append(P, PAYLOAD, second, 'epoch')
      t.is(await log.last(P), opened)
      t.true(hasCode(await t.throwsAsync(write()), 'log_full'), 'the reserve is not for writes')
      await log.trim(P, first)
      t.true(hasCode(await t.throwsAsync(write()), 'log_full'))
      await log.trim(P, second)
      await t.notThrowsAsync(write())
    },
    12_000,
  )
}
