/**
 * The way of FerretDB, which stands in for MongoDB in tests and in `npm run cluster`.
 *
 * Used by `mongo-link-store.ts` where the server says that it is FerretDB. It is one server, so there
 * is nothing to prove. What it needs otherwise (1.24 on SQLite):
 *
 * - It reads and writes a document in two steps, so writes of one process run one after another.
 * - It keeps a connection to its database open for each update of a command, and stands still for
 *   good when there are a hundred of them: UPDATES_MAX. So what looks like a link's first version is
 *   inserted, a thousand in one command, in the order of their codes, so that neighbours share pages
 *   of the index; where the code is there already, the version is an update like the others.
 * - It ends an unordered bulk of updates at its first error: the rest is written again.
 * - It answers `$in` by decoding the whole collection: links are read one by one.
 */
import type { Code } from '../../links/ids.ts'
import { lifecycleOf, RECORD_FLAGS, type LinkVersion } from '../../links/link-record.ts'
import type { Refusal } from './link-store.ts'
import { PARTITIONS_MAX } from '../../links/ring.ts'
import { READ_MS_MAX, type MongoDatabase } from './mongo-database.ts'
import { documentOf, versionOf, type StoredLink } from './mongo-link-document.ts'
import {
  runBulk,
  slicesOf,
  UPSERT_ATTEMPTS_MAX,
  upsertOf,
  type PartitionOf,
} from './mongo-link-write.ts'
import { NOTHING_TO_PROVE, type DecidingReads, type MongoWay } from './mongo-way.ts'

const INSERTS_MAX = 1000
const UPDATES_MAX = 20

export class MongoStandInWay implements MongoWay {
  /** It reads all links for any of them. */
  readonly partitionsPerLoad = PARTITIONS_MAX
  readonly #database: Pick<MongoDatabase, 'links' | 'linksToRead'>
  readonly #partitionOf: PartitionOf
  /** Settles when the last write called so far has; never rejects. */
  #lastWrite: Promise<unknown> = Promise.resolve()

  constructor(database: Pick<MongoDatabase, 'links' | 'linksToRead'>, partitionOf: PartitionOf) {
    this.#database = database
    this.#partitionOf = partitionOf
  }

  async get(code: Code): Promise<LinkVersion | undefined> {
    const options = { projection: { v: 1 }, maxTimeMS: READ_MS_MAX }
    const document = await this.#database.linksToRead.findOne<StoredLink>({ _id: code }, options)
    return document === null ? undefined : versionOf(document)
  }

  write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    const result = this.#lastWrite.then(() => this.#write(versions))
    this.#lastWrite = result.catch(() => {})
    return result
  }

  decidingReads(): DecidingReads {
    return NOTHING_TO_PROVE
  }

  async #write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    const refusals: Refusal[] = []
    const fresh = versions.filter(isFirst).sort(byCode)
    const changes = versions.filter((version) => !isFirst(version))
    for (const slice of slicesOf(fresh, INSERTS_MAX)) {
      changes.push(...(await this.#insert(slice, refusals)))
    }
    for (const slice of slicesOf(changes, UPDATES_MAX)) await this.#update(slice, refusals)
    return refusals
  }

  /** Returns the versions whose code is there already. */
  #insert(versions: readonly LinkVersion[], refusals: Refusal[]): Promise<LinkVersion[]> {
    const documents = versions.map((version) => documentOf(version, this.#partitionOf(version)))
    return runBulk(versions, refusals, () =>
      this.#database.links.insertMany(documents, { ordered: false }),
    )
  }

  async #update(versions: readonly LinkVersion[], refusals: Refusal[]): Promise<void> {
    let rest = versions
    for (let attempt = 1; rest.length > 0; attempt++) {
      const before = refusals.length
      const operations = rest.map((version) => upsertOf(version, this.#partitionOf))
      const duplicates = await runBulk(rest, refusals, () =>
        this.#database.links.bulkWrite(operations, { ordered: false }),
      )
      if (duplicates.length === 0 && refusals.length === before) return
      if (duplicates.length > 0 && attempt >= UPSERT_ATTEMPTS_MAX) {
        throw new Error('upserts fail as duplicates for ever')
      }
      const refused = new Set(refusals.map(({ code }) => code))
      rest = rest.filter(({ code }) => !refused.has(code))
    }
  }
}

/** Whether the version looks like the first of its link. A wrong guess costs time, nothing else. */
function isFirst({ record }: LinkVersion): boolean {
  const flags = record[0]!
  return lifecycleOf(flags) === 'live' && (flags & RECORD_FLAGS.updated) === 0
}

function byCode(one: LinkVersion, other: LinkVersion): number {
  return one.code < other.code ? -1 : 1
}
