/**
 * MongoDB's own way: everything in bulk, several at a time, and nothing believed of a deposed primary.
 *
 * Used by `mongo-link-store.ts` for every server that does not say it is FerretDB. A write is one
 * command of upserts for up to WRITE_VERSIONS_MAX versions; those of a larger flush go side by side,
 * since the server carries out the updates of one command one after another. All of them wait for a
 * majority and its journal. Reads of the moment are one `$in`.
 *
 * Rejected: inserting what looks new and updating the rest, which is two commands and two waits for
 * journals where one does. A filter on the position, and a pipeline that compares: `$max` does it.
 */
import type { Collection, FindOptions } from 'mongodb'
import type { Code } from '../../links/ids.ts'
import type { LinkVersion } from '../../links/link-record.ts'
import type { Refusal } from './link-store.ts'
import { READ_MS_MAX, type MongoDatabase } from './mongo-database.ts'
import { versionOf, type LinkDocument, type StoredLink } from './mongo-link-document.ts'
import {
  runBulk,
  slicesOf,
  UPSERT_ATTEMPTS_MAX,
  upsertOf,
  type PartitionOf,
} from './mongo-link-write.ts'
import { ReadBatches } from './mongo-read-batches.ts'
import { linearizable, readsInTerm } from './mongo-term-proof.ts'
import { NOTHING_TO_PROVE, type DecidingReads, type MongoWay } from './mongo-way.ts'

/** Versions in one command. */
const WRITE_VERSIONS_MAX = 500
/** Commands that write at a time, over all flushes; each takes one of the connections. */
const WRITES_UNDER_WAY_MAX = 4
/** Links in one read, and reads at a time. A link is at most some kilobytes, a reply 16 MB. */
const READ_CODES_MAX = 500
const READS_UNDER_WAY_MAX = 4
const READS_WAITING_MAX = 10_000

export type MongoCollections = Pick<
  MongoDatabase,
  'links' | 'linksToRead' | 'proveToRead' | 'proveToFlush'
>

export class MongoOwnWay implements MongoWay {
  /** There is an index. */
  readonly partitionsPerLoad = 16
  readonly #database: MongoCollections
  readonly #partitionOf: PartitionOf
  /** Whether a server can be deposed: it is one of several. */
  readonly #hasTerms: boolean
  readonly #reads = new ReadBatches({
    read: (codes) => this.#read(codes),
    codesMax: READ_CODES_MAX,
    underWayMax: READS_UNDER_WAY_MAX,
    waitingMax: READS_WAITING_MAX,
    patienceMs: READ_MS_MAX,
  })
  /** Invariant: #writing is at most WRITES_UNDER_WAY_MAX; nobody waits unless it is. */
  #writing = 0
  readonly #waiting: (() => void)[] = []

  constructor(database: MongoCollections, partitionOf: PartitionOf, hasTerms: boolean) {
    this.#database = database
    this.#partitionOf = partitionOf
    this.#hasTerms = hasTerms
  }

  get(code: Code): Promise<LinkVersion | undefined> {
    return this.#reads.get(code)
  }

  async write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    const slices = slicesOf(versions, WRITE_VERSIONS_MAX)
    // All of them end before the caller is told: what it repeats is then not still under way.
    const outcomes = await Promise.allSettled(slices.map((slice) => this.#inTurn(slice)))
    const failure = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failure !== undefined) throw failure.reason
    return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []))
  }

  decidingReads(): DecidingReads {
    if (!this.#hasTerms) return NOTHING_TO_PROVE
    const { client, readOne } = this.#database.proveToFlush
    return readsInTerm(client, readOne, READ_MS_MAX)
  }

  async #inTurn(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    if (this.#writing < WRITES_UNDER_WAY_MAX) this.#writing++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await this.#writeSlice(versions)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#writing--
      else next()
    }
  }

  async #writeSlice(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    const refusals: Refusal[] = []
    let rest = versions
    for (let attempt = 1; rest.length > 0; attempt++) {
      if (attempt > UPSERT_ATTEMPTS_MAX) throw new Error('upserts fail as duplicates for ever')
      const operations = rest.map((version) => upsertOf(version, this.#partitionOf))
      rest = await runBulk(rest, refusals, () =>
        this.#database.links.bulkWrite(operations, { ordered: false }),
      )
    }
    return refusals
  }

  async #read(codes: readonly Code[]): Promise<readonly LinkVersion[]> {
    const options = { projection: { v: 1 }, maxTimeMS: READ_MS_MAX }
    const { linksToRead } = this.#database
    if (!this.#hasTerms) return find(linksToRead, codes, options)
    if (codes.length === 1) {
      return find(linksToRead, codes, { ...options, ...linearizable(READ_MS_MAX) })
    }
    const { client, readOne } = this.#database.proveToRead
    const reads = readsInTerm(client, readOne, READ_MS_MAX)
    try {
      return await find(linksToRead, codes, { ...options, ...(await reads.prove()) })
    } finally {
      await reads.end()
    }
  }
}

async function find(
  links: Collection<LinkDocument>,
  codes: readonly Code[],
  options: FindOptions,
): Promise<readonly LinkVersion[]> {
  const [first] = codes
  const filter = codes.length === 1 ? { _id: first! } : { _id: { $in: [...codes] } }
  const documents = links.find<StoredLink>(filter, { ...options, batchSize: codes.length + 1 })
  return (await documents.toArray()).map(versionOf)
}
