/**
 * Moleculer's transporter over a NATS connection that stands already.
 *
 * Used by `moleculer-peers.ts`. Moleculer's own makes its connection itself: with other options than
 * ours, without a check of the server, trying for ever where a start should fail with one line. It
 * does not notice that a subscription was denied, and after an outage says nothing, so that each
 * node goes on believing what it knew of the others. This one announces its node again, asks who is
 * there, and can tell whether it hears what it sends.
 */
import { Transporters } from 'moleculer'
import { Events, headers, type Msg, type NatsConnection, type Subscription } from 'nats'

/** Marks a message to oneself; other nodes drop it. */
const PROBE = 'Tinygrid-Probe'

export class MoleculerTransporter extends Transporters.NATS {
  readonly #connection: NatsConnection
  readonly #subscriptions = new Map<string, Subscription>()
  /** Subjects whose probe has not come back. */
  readonly #unheard = new Set<string>()
  #onAllHeard: () => void = () => {}

  constructor(connection: NatsConnection) {
    super({})
    this.#connection = connection
  }

  override async connect(): Promise<void> {
    this.client = this.#connection
    void this.#follow()
    await this.onConnected(false)
  }

  /** The connection stays its owner's. */
  override async disconnect(): Promise<void> {
    for (const subscription of this.#subscriptions.values()) subscription.unsubscribe()
    this.#subscriptions.clear()
    this.connected = false
    this.client = null
  }

  override async subscribe(command: string, node?: string): Promise<void> {
    const subject = this.getTopicName(command, node)
    const callback = (error: Error | null, message: Msg) => {
      // A denied one: said by the server once, and found by the probe.
      if (error !== null) return
      if (message.headers?.has(PROBE)) this.#hear(subject, message)
      else void this.receive(command, bufferOf(message.data))
    }
    this.#subscriptions.set(subject, this.#connection.subscribe(subject, { callback }))
  }

  /** Nothing is sent, and nothing fails, once the connection is closed: nobody catches a heartbeat. */
  override send(subject: string, data: Buffer): Promise<void> {
    const isOver = this.#connection.isClosed() || this.#connection.isDraining()
    // Throws at once if the message is too large; only then does Moleculer answer that it failed.
    if (!isOver) this.#connection.publish(subject, data)
    return Promise.resolve()
  }

  /** Tells all nodes of this one, and asks them to do the same. */
  async announce(): Promise<void> {
    const { discoverer } = this.broker.registry
    await discoverer.sendLocalNodeInfo()
    await discoverer.discoverAllNodes()
  }

  /** Sends itself a message on each subject. Returns those on which none came back in time. */
  async findUnheard(timeoutMs: number): Promise<readonly string[]> {
    for (const subject of this.#subscriptions.keys()) {
      const probe = headers()
      probe.set(PROBE, this.nodeID)
      this.#unheard.add(subject)
      this.#connection.publish(subject, '', { headers: probe })
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#onAllHeard = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    return [...this.#unheard]
  }

  #hear(subject: string, message: Msg): void {
    if (message.headers?.get(PROBE) !== this.nodeID) return
    this.#unheard.delete(subject)
    if (this.#unheard.size === 0) this.#onAllHeard()
  }

  /** Ends with the connection. */
  async #follow(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (this.client === null) return
      // Meanwhile nothing is kept for later: who asked has given up by then.
      if (type === Events.Disconnect) this.connected = false
      else if (type === Events.Reconnect) void this.onConnected(true)
    }
  }
}

/** The same bytes: they are parsed before the driver goes on. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
