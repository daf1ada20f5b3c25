/**
 * The blocked hosts that admins have named by the interface: a short list that all nodes keep together.
 *
 * Used by the routes, over a kept text. Each entry says why and since when. What is kept and cannot be
 * understood (somebody else wrote it) is not taken: the last good list goes on to hold, and a change is refused
 * until it is removed. Longer lists belong into the operator's file.
 */
import { KEPT_TEXT_BYTES_MAX, type KeptText } from '../../cluster/kept/kept-text.ts'
import type { BlockedHosts } from '../../links/blocked-hosts.ts'
import { TinygridError } from '../../links/errors.ts'
import { parseHostPattern } from '../../links/host-pattern.ts'
import { isEpochMs, type EpochMs } from '../../links/ids.ts'

export interface KeptHost {
  /** As `parseHostPattern` writes it. */
  readonly host: string
  readonly note: string | null
  readonly since: EpochMs
}

export const KEPT_HOSTS_MAX = 1_000
export const HOST_NOTE_LENGTH_MAX = 100

export class KeptHosts {
  readonly #text: KeptText
  readonly #blocked: BlockedHosts
  #hosts: ReadonlyMap<string, KeptHost> = new Map()
  readonly #forget: () => void

  /** @param onBroken told when what is kept cannot be understood */
  constructor(text: KeptText, blocked: BlockedHosts, onBroken: (why: string) => void) {
    this.#text = text
    this.#blocked = blocked
    const take = () => {
      const hosts = hostsIn(text.current)
      if (hosts === undefined) return onBroken('the list of blocked hosts that is kept is none')
      this.#hosts = hosts
      this.#blocked.replace('interface', hosts.keys())
    }
    this.#forget = text.onChange(take)
    take()
  }

  /** By host. */
  all(): readonly KeptHost[] {
    return [...this.#hosts.values()].sort((a, b) => (a.host < b.host ? -1 : 1))
  }

  get(host: string): KeptHost | undefined {
    return this.#hosts.get(host)
  }

  /**
   * Returns what it was before. @throws TinygridError too_many_hosts, list_unavailable
   */
  async put(entry: KeptHost): Promise<KeptHost | undefined> {
    let before: KeptHost | undefined
    await this.#change((hosts) => {
      before = hosts.get(entry.host)
      hosts.set(entry.host, before === undefined ? entry : { ...entry, since: before.since })
    })
    return before
  }

  /** Returns what it was; undefined: it was not on the list. @throws TinygridError list_unavailable */
  async remove(host: string): Promise<KeptHost | undefined> {
    let before: KeptHost | undefined
    await this.#change((hosts) => {
      before = hosts.get(host)
      hosts.delete(host)
    })
    return before
  }

  close(): void {
    this.#forget()
  }

  #change(apply: (hosts: Map<string, KeptHost>) => void): Promise<void> {
    return this.#text.change((text) => {
      const hosts = hostsIn(text)
      if (hosts === undefined) {
        const detail = 'What is kept of the list cannot be understood'
        throw new TinygridError('list_unavailable', { detail })
      }
      const was = hosts.size
      apply(hosts)
      const next = JSON.stringify([...hosts.values()])
      const isTooLong = hosts.size > KEPT_HOSTS_MAX || Buffer.byteLength(next) > KEPT_TEXT_BYTES_MAX
      if (isTooLong && hosts.size >= was) throw new TinygridError('too_many_hosts')
      return next
    })
  }
}

function hostsIn(text: string | undefined): Map<string, KeptHost> | undefined {
  if (text === undefined) return new Map()
  try {
    const entries = JSON.parse(text) as readonly unknown[]
    return new Map(entries.map((entry) => [hostOf(entry).host, hostOf(entry)]))
  } catch {
    return undefined
  }
}

function hostOf(entry: unknown): KeptHost {
  const { host, note, since } = entry as Record<string, unknown>
  const isHost = typeof host === 'string' && parseHostPattern(host) === host
  const isNote = note === null || typeof note === 'string'
  // What a newer program says besides is kept, for it to read again.
  if (isHost && isNote && isEpochMs(since)) return { ...(entry as object), host, note, since }
  throw new RangeError('no entry of a list of hosts')
}
