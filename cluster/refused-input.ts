/**
 * What a node was given by NATS and did not believe: counted by kind, and each case told once.
 *
 * One per process, filled by whatever reads from NATS and shown in `GET /metrics`. Whoever writes
 * nonsense may do so a thousand times a second; that must fill neither a log nor memory.
 */

/**
 * log_entry: in the log's subjects, dead letters too. log_gap: a partition whose log does not go on
 * where its store ends. message: between nodes, or from outside.
 */
export const REFUSED_KINDS = [
  'table',
  'lease',
  'controller',
  'roll',
  'message',
  'log_entry',
  'log_gap',
] as const
export type RefusedKind = (typeof REFUSED_KINDS)[number]

/** Different cases that are remembered as told; beyond it they are only counted. */
const TOLD_MAX = 100

export class RefusedInput {
  /** Since the process started. */
  readonly counts: Record<RefusedKind, number> = {
    table: 0,
    lease: 0,
    controller: 0,
    roll: 0,
    message: 0,
    log_entry: 0,
    log_gap: 0,
  }
  readonly #tell: (what: string) => void
  readonly #told = new Set<string>()

  constructor(tell: (what: string) => void = () => {}) {
    this.#tell = tell
  }

  /**
   * @param what the case, in the same words each time
   * @param where told with the first one
   */
  note(kind: RefusedKind, what: string, where = ''): void {
    this.counts[kind]++
    if (this.#told.has(what) || this.#told.size >= TOLD_MAX) return
    this.#told.add(what)
    this.#tell(`${what}${where}`)
  }
}
