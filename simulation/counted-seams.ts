/**
 * The key-value and the peers seam of a node, with every message counted.
 *
 * Used by `control-traffic.ts`. They change nothing of what passes.
 */
import type { KeyValue, KeyValueEntry, StopWatch } from '../cluster/membership/key-value.ts'
import type { PeerHandler, Peers } from '../cluster/peers/peers.ts'
import type { NodeId } from '../links/ids.ts'
import type { TrafficMeter } from './traffic-meter.ts'

/** What NATS answers to a write. */
const ACKNOWLEDGEMENT_BYTES = 60

export class CountedKeyValue implements KeyValue {
  readonly #inner: KeyValue
  readonly #meter: TrafficMeter

  constructor(inner: KeyValue, meter: TrafficMeter) {
    this.#inner = inner
    this.#meter = meter
  }

  async get(key: string): Promise<KeyValueEntry | undefined> {
    const kind = kindOf(key)
    this.#meter.sent(kind, key.length)
    const entry = await this.#inner.get(key)
    this.#meter.received(kind, entry?.value?.length ?? 0)
    return entry
  }

  create(key: string, value: string): Promise<number> {
    return this.#write(key, value, () => this.#inner.create(key, value))
  }

  update(key: string, value: string, expected: number): Promise<number> {
    return this.#write(key, value, () => this.#inner.update(key, value, expected))
  }

  delete(key: string, expected: number): Promise<void> {
    return this.#write(key, '', () => this.#inner.delete(key, expected))
  }

  watch(
    onEntry: (entry: KeyValueEntry) => void,
    onCurrent: () => void,
    keys?: readonly string[],
  ): Promise<StopWatch> {
    const count = (entry: KeyValueEntry) => {
      this.#meter.received(kindOf(entry.key), entry.key.length + (entry.value?.length ?? 0))
      onEntry(entry)
    }
    return this.#inner.watch(count, onCurrent, keys)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async #write<T>(key: string, value: string, write: () => Promise<T>): Promise<T> {
    const kind = kindOf(key)
    this.#meter.sent(kind, key.length + value.length)
    try {
      return await write()
    } finally {
      this.#meter.received(kind, ACKNOWLEDGEMENT_BYTES)
    }
  }
}

export class CountedPeers implements Peers {
  readonly nodeId: NodeId
  readonly #inner: Peers
  readonly #meter: TrafficMeter

  constructor(inner: Peers, meter: TrafficMeter) {
    this.nodeId = inner.nodeId
    this.#inner = inner
    this.#meter = meter
  }

  get isConnected(): boolean {
    return this.#inner.isConnected
  }

  open(): Promise<void> {
    return this.#inner.open()
  }

  handle(name: string, handler: PeerHandler): void {
    this.#inner.handle(name, (params, from) => {
      this.#meter.received(name, lengthOf(params))
      return handler(params, from)
    })
  }

  async call(node: NodeId, name: string, params: unknown, timeoutMs: number): Promise<unknown> {
    this.#meter.sent(name, lengthOf(params))
    const answer = await this.#inner.call(node, name, params, timeoutMs)
    // Sent by the other node, and received here.
    this.#meter.sent(name, lengthOf(answer))
    this.#meter.received(name, lengthOf(answer))
    return answer
  }

  broadcast(name: string, params: unknown): void {
    this.#meter.sent(name, lengthOf(params))
    this.#inner.broadcast(name, params)
  }

  listen(name: string, listener: (params: unknown, from: NodeId) => void): void {
    this.#inner.listen(name, (params, from) => {
      this.#meter.received(name, lengthOf(params))
      listener(params, from)
    })
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}

/** `lease.n1` is a lease. */
function kindOf(key: string): string {
  return key.split('.', 1)[0]!
}

function lengthOf(data: unknown): number {
  return data === undefined ? 0 : JSON.stringify(data).length
}
