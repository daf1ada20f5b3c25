/**
 * Tells whether the nodes of a cluster have the same domains, which each reads from its own settings.
 *
 * Used when a node with a gateway joins. The bucket has what the node that started last was given; another list is
 * told by one line in the log, and takes its place, since it may be the newer one: a change that is rolled out is
 * told once, a node that was forgotten each time. Nothing is refused: a link on a domain that one gateway does not
 * have is answered 404 by it. Rejected: the first node's list for all, which nobody could change without a stop.
 */
import type { KeyValue } from '../cluster/membership/key-value.ts'
import { hasCode } from '../links/errors.ts'

const KEY = 'domains'
const SHOWN_LENGTH_MAX = 1_000

export async function agreeOnDomains(
  keyValue: Pick<KeyValue, 'get' | 'create' | 'update'>,
  names: readonly string[],
  warn: (what: string) => void,
): Promise<void> {
  const own = names.toSorted().join()
  try {
    const known = await keyValue.get(KEY)
    const others = known?.value ?? ''
    if (others === own) return
    if (known?.value !== undefined) {
      const shown = others.slice(0, SHOWN_LENGTH_MAX)
      warn(
        `TINYGRID_DOMAINS is "${own}" here, but was "${shown}" on the node that started last: ` +
          'all nodes must have the same',
      )
    }
    if (known === undefined) await keyValue.create(KEY, own)
    else await keyValue.update(KEY, own, known.revision)
  } catch (error) {
    // Another node was first, or NATS is away: then a later start tells.
    if (!hasCode(error, 'key_value_conflict', 'key_value_unavailable')) throw error
  }
}
