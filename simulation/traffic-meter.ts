/**
 * Counts the messages between nodes and NATS by kind: each that a node sends, and each that reaches one.
 *
 * Used by `control-traffic.ts`. A write to the key-value bucket is one message sent and its answer one
 * received; a change that a watch tells is one received by each who watches. A broadcast is sent once
 * and received by every other node. Bytes are those of names and values, with OVERHEAD_BYTES for the
 * subject, headers and frame of each message. What NATS adds between its own servers is not counted.
 */

/** About what NATS and JetStream put around a message of the bucket, by a look at the wire. */
const OVERHEAD_BYTES = 120

export interface Traffic {
  readonly sent: number
  readonly received: number
  readonly bytes: number
}

export class TrafficMeter {
  readonly #kinds = new Map<string, { sent: number; received: number; bytes: number }>()

  sent(kind: string, bytes: number): void {
    const traffic = this.#of(kind)
    traffic.sent++
    traffic.bytes += bytes + OVERHEAD_BYTES
  }

  received(kind: string, bytes: number): void {
    const traffic = this.#of(kind)
    traffic.received++
    traffic.bytes += bytes + OVERHEAD_BYTES
  }

  /** What was counted since the last call, by kind. */
  take(): ReadonlyMap<string, Traffic> {
    const taken = new Map(this.#kinds)
    this.#kinds.clear()
    return taken
  }

  #of(kind: string): { sent: number; received: number; bytes: number } {
    const known = this.#kinds.get(kind)
    if (known !== undefined) return known
    const traffic = { sent: 0, received: 0, bytes: 0 }
    this.#kinds.set(kind, traffic)
    return traffic
  }
}
