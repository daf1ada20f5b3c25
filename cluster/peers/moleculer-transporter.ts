/**
 * Moleculer's transporter over a NATS connection that stands already.
 *
 * Used by `moleculer-peers.ts`. Moleculer's own makes its connection itself: with other options than
 * ours, without a check of the server, trying for ever where a start should fail with one line. It
 * does not notice that a subscription was denied, and after an outage says nothing, so that each
 * node goes on believing what it knew of the others. This one announces its node again, asks who is
 * there, and can tell whether it hears what it sends. What is no packet of a node it refuses, and
 * whatever fails here is told: Moleculer awaits neither what it receives nor what it announces, so a
 * rejection would end the process.
 */
import { Transporters } from 'moleculer'
import type { RefusedInput } from '../refused-input.ts'
import { Malformed } from '../stored-value.ts'
import { checkPacket, KnownInfos } from './moleculer-packet.ts'
import { Events, headers, type Msg, type NatsConnection, type Subscription } from 'nats'

export interface MoleculerTransporterOptions {
  readonly connection: NatsConnection
  /** That each node has. */
  readonly service: string
  readonly refused: RefusedInput
  readonly onError: (what: string, error: unknown) => void
}

const EVENT = 'EVENT'
/** Of what goes to one node, or to all. */
const SUBJECT = /^[\w.-]+$/
/** Marks a message to oneself; other nodes drop it. */
const PROBE = 'Tinygrid-Probe'

export class MoleculerTransporter extends Transporters.NATS {
  readonly #connection: NatsConnection
  readonly #subscriptions = new Map<string, Subscription>()
  /** Subjects whose probe has not come back. */
  readonly #unheard = new Set<string>()
  #onAllHeard: () => void = () => {}
  readonly #infos: KnownInfos
  readonly #refused: RefusedInput
  readonly #onError: (what: string, error: unknown) => void

  constructor({ connection, service, refused, onError }: MoleculerTransporterOptions) {
    super({})
    this.#connection = connection
    this.#infos = new KnownInfos(service)
    this.#refused = refused
    this.#onError = onError
  }

  override async connect(): Promise<void> {
    this.client = this.#connection
    this.#follow().catch((error: unknown) => this.#failed(error))
    await this.onConnected(false)
  }

  /** The connection stays its owner's. */
  override async disconnect(): Promise<void> {
    for (const subscription of this.#subscriptions.values()) subscription.unsubscribe()
    this.#subscriptions.clear()
    this.connected = false
    this.client = null
  }

  /** Also what is told to all nodes at once, which Moleculer tells to each by itself. */
  override makeSubscriptions(topics: Record<string, unknown>[]): Promise<void> {
    return super.makeSubscriptions([...topics, { cmd: EVENT }])
  }

  /** Tells all nodes, this one too, with one message; only those hear it that subscribe to it. */
  tellAll(event: string, data: unknown): Promise<void> {
    const payload = { id: '', event, data, broadcast: true, meta: {}, level: 1 }
    const subject = this.getTopicName(EVENT)
    return this.send(subject, this.serialize({ type: EVENT, target: subject, payload }))
  }

  override async subscribe(command: string, node?: string): Promise<void> {
    const subject = this.getTopicName(command, node)
    const callback = (error: Error | null, message: Msg) => {
      // A denied one: said by the server once, and found by the probe.
      if (error !== null) return
      if (message.headers?.has(PROBE)) this.#hear(subject, message)
      else void this.#take(command, bufferOf(message.data))
    }
    this.#subscriptions.set(subject, this.#connection.subscribe(subject, { callback }))
  }

  /** Nothing is sent, and nothing fails, once the connection is closed: nobody catches a heartbeat. */
  override send(subject: string, data: Buffer): Promise<void> {
    const isOver = this.#connection.isClosed() || this.#connection.isDraining()
    // It has the name of a node in it, which may come from a stranger.
    if (!SUBJECT.test(subject)) {
      this.#refused.note('message', 'a packet would be sent to what is no subject')
      return Promise.resolve()
    }
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

  async #take(command: string, data: Buffer): Promise<void> {
    try {
      const packet = this.deserialize(command, data)
      const { instanceID: instance, PROTOCOL_VERSION: version } = this.broker
      const payload: unknown = packet.payload
      checkPacket(command, payload, { name: this.nodeID, version, instance })
      const isOthersInfo = command === 'INFO' && payload['sender'] !== this.nodeID
      if (isOthersInfo && !this.#infos.hears(payload)) return
      await this.transit.messageHandler(command, packet)
    } catch (error) {
      const isNoPacket = error instanceof SyntaxError || error instanceof Malformed
      if (isNoPacket) this.#refused.note('message', describe(error))
      else this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    this.#onError('a packet could not be taken or sent', error)
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
      else if (type === Events.Reconnect) {
        this.onConnected(true).catch((error: unknown) => this.#failed(error))
      }
    }
  }
}

function describe(error: Error): string {
  return error instanceof Malformed ? error.message : 'a packet is no JSON'
}

/** The same bytes: they are parsed before the driver goes on. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
