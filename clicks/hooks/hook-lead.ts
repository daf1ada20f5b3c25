/**
 * Which of several analytics processes runs webhooks and reports: the one that holds a key of the bucket.
 *
 * The key is renewed (`LeasedKey`); when it has not changed for LEAD_LOST_MS by this process's clock, its holder
 * is taken for dead and the key is taken over. Two may believe to lead for a moment: then a message is sent
 * twice under one id, and of two writes to the bucket one is refused.
 */
import { LeasedKey } from '../../cluster/membership/leased-key.ts'
import type { KeyValue } from '../../cluster/membership/key-value.ts'
import { pause, type Clock } from '../../links/clock.ts'
import type { NodeId } from '../../links/ids.ts'

export interface HookLeadOptions {
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly nodeId: NodeId
  /** Tells this process from any other. */
  readonly holder: string
  /** Begins to work; resolves to what ends it. */
  readonly onLead: () => Promise<() => Promise<void>>
  readonly onError: (what: string, error: unknown) => void
}

const LEAD_KEY = 'hooks-lead'
export const LEAD_LOST_MS = 5_000
const LOOK_EVERY_MS = 1_000

/** Until the signal says so; then what was begun is ended. Never rejects. */
export async function leadHooks(options: HookLeadOptions, signal: AbortSignal): Promise<void> {
  const { clock, onError } = options
  while (!signal.aborted) {
    try {
      const lost = new AbortController()
      const key = await takenKey(options, lost, signal)
      if (key === undefined) continue
      await workAsLead(options, key, AbortSignal.any([signal, lost.signal]))
    } catch (error) {
      onError('the lead of the webhooks could not be taken', error)
      await pause(clock, LOOK_EVERY_MS, signal)
    }
  }
}

/** When the key is this process's; undefined: the signal came first. */
async function takenKey(
  { keyValue, clock, nodeId, holder, onError }: HookLeadOptions,
  lost: AbortController,
  signal: AbortSignal,
): Promise<LeasedKey | undefined> {
  const key = new LeasedKey({
    keyValue,
    clock,
    key: LEAD_KEY,
    nodeId,
    holder,
    content: () => ({}),
    onLost: () => lost.abort(),
    onError: (error) => onError('the lead of the webhooks could not be renewed', error),
  })
  let seen: { revision: number; since: number } | undefined
  while (!signal.aborted) {
    const entry = await keyValue.get(LEAD_KEY)
    if (entry !== undefined && entry.revision !== seen?.revision) {
      seen = { revision: entry.revision, since: clock.now() }
    }
    const isFree = entry === undefined || clock.now() - seen!.since >= LEAD_LOST_MS
    if (isFree && (await key.take(entry?.revision))) return key
    await pause(clock, LOOK_EVERY_MS, signal)
  }
  await key.release()
  return undefined
}

async function workAsLead(
  { onLead }: HookLeadOptions,
  key: LeasedKey,
  over: AbortSignal,
): Promise<void> {
  try {
    const end = await onLead()
    await new Promise<void>((resolve) => {
      if (over.aborted) resolve()
      else over.addEventListener('abort', () => resolve(), { once: true })
    })
    await end()
  } finally {
    await key.release()
  }
}
