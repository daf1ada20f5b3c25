/**
 * How values are read that anybody with access to NATS could have written.
 *
 * Used by the parsers of what the bucket holds: table, leases, controller's key, settings. The rule:
 * - A value is believed only if it is whole, of a known format, and fits what is known already (the
 *   number of partitions, the node that its key names, epochs that do not fall).
 * - Any other one is refused: told once, counted (`refused-input.ts`), and the last good one is kept.
 * - Where it would block progress it is put right, always by compare-and-set on its revision: the
 *   table is written again by who knows a good one (`control-loop.ts`), the controller's key is taken
 *   as if it had expired, a lease counts as not renewed. Not so a value of a newer format: a newer
 *   program may be right, so it is refused and left alone.
 * Rejected: schemas by typebox, which the gateway has. These values are few and small, and half of
 * what is checked is how their parts fit each other.
 */

/** Of everything that a cluster stores in NATS; rises when an older program could not read it. */
export const STORED_FORMAT = 1

/** Of the epochs: the log keeps them in six bytes. */
const EPOCH_MAX = 2 ** 48 - 1

/** Caught where the value is read; it never gets further. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
  readonly isNewer: boolean

  constructor(why: string, isNewer = false) {
    super(why)
    this.isNewer = isNewer
  }
}

export type Fields = Readonly<Record<string, unknown>>

/** @throws Malformed unless `text` is a JSON object of a known format, which is up to `formatMax` */
export function fieldsOf(text: string, formatMax = STORED_FORMAT): Fields {
  const fields = jsonOf(text)
  must(isFields(fields), 'it is no JSON object')
  // The first values of this format did not name it.
  const { format = STORED_FORMAT } = fields
  must(isCount(format) && format > 0, 'its format is no number')
  if (format <= formatMax) return fields
  throw new Malformed(`it has format ${format}, and this program reads up to ${formatMax}`, true)
}

/** @throws Malformed */
export function must(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Malformed(why)
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A whole number that is not negative. */
export function isCount(value: unknown, max = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max
}

export function isEpoch(value: unknown): value is number {
  return isCount(value, EPOCH_MAX)
}

/** What a node may be called: as TINYGRID_NODE_ID. */
export function isNodeName(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Malformed('it is no JSON')
  }
}
