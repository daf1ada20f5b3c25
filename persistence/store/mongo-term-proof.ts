/**
 * Reads that a deposed primary cannot answer.
 *
 * Used for everything that can lead to "there is no such link": an owner's read-through, the load
 * after which a partition is complete, the checkpoints. What it defends against:
 *
 *   1. A primary P is cut off from the others and does not know it yet (MongoDB gives it 10 s).
 *   2. The others elect Q. The owner of a partition flushes the link `abc` to Q, saves its checkpoint
 *      there and trims the log.
 *   3. The owner dies. The node that takes over reaches NATS, and of MongoDB only P: the log has no
 *      more of `abc`, and P never had it.
 *   4. The node would answer 404, give `abc` away a second time, or load the partition from P and
 *      take it for complete.
 *
 * One document is read `linearizable`: the server answers when a majority has confirmed that it
 * still is its primary, so P cannot. That is promised for reads of a single document only, and for
 * more of them the proof comes first: a linearizable read in a new session gives the time T of the
 * true primary, at or after every write acknowledged before. All that is read in the session then
 * waits for T (`majority`, `afterClusterTime`), which P never reaches; it does not matter which
 * server the driver asks. A wait that is too long is an error, never an absence.
 *
 * Rejected: a read and then a proof that there is a primary, which may be another server than the one
 * that was read from. A majority read alone: P has a majority's word for all it says, only old.
 * The collections are not sharded: T says nothing of other shards.
 */
import type { ClientSession, FindOptions, MongoClient } from 'mongodb'
import type { DecidingReads } from './mongo-way.ts'

/** For a read of one document that decides. */
export function linearizable(timeMsMax: number): FindOptions {
  return { readConcern: { level: 'linearizable' }, maxTimeMS: timeMsMax }
}

/** @param readOne reads any one document with these options */
export function readsInTerm(
  client: MongoClient,
  readOne: (options: FindOptions) => Promise<void>,
  timeMsMax: number,
): DecidingReads {
  let session: ClientSession | undefined
  const end = async () => {
    await session?.endSession().catch(() => {})
    session = undefined
  }
  return {
    async prove() {
      await end()
      // A new one: the server refuses a linearizable read that has to wait for a time.
      const fresh = client.startSession({ causalConsistency: true })
      session = fresh
      await readOne({ ...linearizable(timeMsMax), session: fresh })
      if (fresh.operationTime === undefined) throw new Error('the server does not tell its time')
      return { session: fresh, readConcern: { level: 'majority' } }
    },
    end,
  }
}
