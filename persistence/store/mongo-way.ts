/**
 * How MongoDB is spoken to: the seam between `mongo-link-store.ts` and the kind of server there is.
 *
 * Two ways keep it: MongoDB's own (`mongo-own-way.ts`), and that of FerretDB, which stands in for it
 * in tests (`mongo-stand-in-way.ts`) and would be brought to a halt by the other one. The server says
 * what it is. Both run behind the same contract suite, each on a server of its own.
 *
 * Rejected: one way that both can bear, which makes MongoDB as slow as its stand-in.
 */
import type { Db, FindOptions } from 'mongodb'
import type { Code } from '../../links/ids.ts'
import type { LinkVersion } from '../../links/link-record.ts'
import type { Refusal } from './link-store.ts'

/**
 * set: a replica set, or a router in front of one: a server can be deposed and not know it.
 * alone: a MongoDB with no others. ferretdb: the stand-in.
 */
export type ServerKind = 'set' | 'alone' | 'ferretdb'

export interface MongoWay {
  /** Decides: sees every write acknowledged before the call, or rejects. */
  get(code: Code): Promise<LinkVersion | undefined>

  /**
   * Writes each version unless a newer one of its code is there. Durable when it resolves; may be
   * repeated. Returns what the server refuses for good.
   *
   * @param versions one of each code
   */
  write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]>

  /** See LinkStore. */
  readonly partitionsPerLoad: number

  /** Begins reads that decide, of as many documents as one likes. */
  decidingReads(): DecidingReads
}

/** Reads that see every write acknowledged before `prove` was called, or reject. */
export interface DecidingReads {
  /** With what each of the reads is to be made; may be repeated. Rejects where nothing is proved. */
  prove(): Promise<FindOptions>
  /** Never rejects. */
  end(): Promise<void>
}

/** What a server with no others says is all there is. */
export const NOTHING_TO_PROVE: DecidingReads = {
  prove: async () => ({}),
  end: async () => {},
}

export async function serverKindOf(database: Db, timeMsMax: number): Promise<ServerKind> {
  const ask = { maxTimeMS: timeMsMax }
  const build = await database.command({ buildInfo: 1, ...ask })
  if (build['ferretdbVersion'] !== undefined) return 'ferretdb'
  const hello = await database.command({ hello: 1, ...ask })
  const isRouter = hello['msg'] === 'isdbgrid'
  return hello['setName'] !== undefined || isRouter ? 'set' : 'alone'
}
