/**
 * Writes link versions to MongoDB: new links by bulk insert, all others by a guarded update.
 *
 * Used by `mongo-link-store.ts`. A version that looks like a link's first is inserted, a thousand in
 * one command, in the order of their codes, so that neighbours share pages of the index; where the code
 * is there already, and for all other versions, `$max` on `v` keeps the newer one
 * (`mongo-link-document.ts`). Each step may be repeated, so what is in doubt is done again.
 *
 * A document that the server refuses for good is named by its index, and the rest of its bulk of
 * updates is written again, since FerretDB ends an unordered bulk of updates at its first error.
 */
import type { Collection } from 'mongodb'
import type { PartitionId } from '../../links/ids.ts'
import { lifecycleOf, RECORD_FLAGS, type LinkVersion } from '../../links/link-record.ts'
import { within } from '../../links/clock.ts'
import type { Refusal } from './link-store.ts'
import { FLUSH_MS_MAX } from './mongo-database.ts'
import { failedOperations, type FailedOperation } from './mongo-failure.ts'
import { documentOf, fieldsOf, type LinkDocument } from './mongo-link-document.ts'

const INSERTS_MAX = 1000
/**
 * Updates in one command. FerretDB keeps a connection to its database open for each, and stands still
 * for good when there are a hundred of them.
 */
const UPDATES_MAX = 20
/** How often an upsert that another node overtook is tried again. */
const ATTEMPTS_MAX = 5

export class MongoLinkWriter {
  readonly #links: Collection<LinkDocument>
  readonly #partitionOf: (version: LinkVersion) => PartitionId

  constructor(links: Collection<LinkDocument>, partitionOf: (version: LinkVersion) => PartitionId) {
    this.#links = links
    this.#partitionOf = partitionOf
  }

  /** @param versions one of each code */
  async write(versions: readonly LinkVersion[]): Promise<Refusal[]> {
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
  async #insert(versions: readonly LinkVersion[], refusals: Refusal[]): Promise<LinkVersion[]> {
    const failed = await this.#attempt(versions, refusals, (all) =>
      this.#links.insertMany(
        all.map((version) => documentOf(version, this.#partitionOf(version))),
        { ordered: false },
      ),
    )
    return failed.map(({ index }) => versions[index]!)
  }

  async #update(versions: readonly LinkVersion[], refusals: Refusal[]): Promise<void> {
    let rest = versions
    for (let attempt = 1; rest.length > 0; attempt++) {
      const before = refusals.length
      const failed = await this.#attempt(rest, refusals, (all) =>
        this.#links.bulkWrite(
          all.map((version) => this.#upsert(version)),
          { ordered: false },
        ),
      )
      if (failed.length === 0 && refusals.length === before) return
      if (failed.length > 0 && attempt >= ATTEMPTS_MAX) throw new Error(failed[0]!.reason)
      const refused = new Set(refusals.map(({ code }) => code))
      rest = rest.filter(({ code }) => !refused.has(code))
    }
  }

  #upsert(version: LinkVersion) {
    const update = {
      $max: { v: fieldsOf(version) },
      $setOnInsert: { p: this.#partitionOf(version) },
    }
    return { updateOne: { filter: { _id: version.code }, update, upsert: true } }
  }

  /** Runs a bulk, notes what is refused, and returns the duplicates. */
  async #attempt(
    versions: readonly LinkVersion[],
    refusals: Refusal[],
    run: (versions: readonly LinkVersion[]) => Promise<unknown>,
  ): Promise<FailedOperation[]> {
    try {
      await within(FLUSH_MS_MAX, 'a write', run(versions))
      return []
    } catch (error) {
      const failed = failedOperations(error)
      if (failed.length === 0 || failed.some(({ failure }) => failure === 'unavailable')) {
        throw error
      }
      for (const { index, failure, reason } of failed) {
        const { code, position } = versions[index]!
        if (failure === 'refused') refusals.push({ code, position, reason })
      }
      return failed.filter(({ failure }) => failure === 'duplicate')
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

function* slicesOf<T>(items: readonly T[], length: number): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += length) yield items.slice(from, from + length)
}
