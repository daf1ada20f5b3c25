/**
 * Peers over Moleculer and NATS: how the nodes of a cluster ask and tell each other.
 *
 * Keeps the contract of `peers.ts`. Each node is a Moleculer node with one service of one action and
 * one event, which carry the name of the call as data: a call is directed to a node, so the subject
 * names the node whatever the action is called, and handlers can come and go without an announcement.
 * Errors travel as data (`peer-failure.ts`). Whether a node owns anything is decided by its lease,
 * never by Moleculer's registry, which only says where a call can be sent at all.
 *
 * A message must fit into the server's `max_payload` (1 MB by default) with some 300 bytes of
 * Moleculer's; a larger one fails with `internal`, since it would fail again.
 *
 * Rejected: Moleculer's shard strategy, in which a join moves half of all keys; an action for each
 * name, which has to be announced and known everywhere before it can be called.
 */
import assert from 'node:assert/strict'
import { ServiceBroker, type Context, type ServiceSchema } from 'moleculer'
import type { NatsConnection } from 'nats'
import { within } from '../../links/clock.ts'
import { hasCode, StartError, TinygridError } from '../../links/errors.ts'
import type { NodeId } from '../../links/ids.ts'
import { CalmDiscoverer } from './moleculer-discoverer.ts'
import { MoleculerLogger } from './moleculer-logger.ts'
import { KnownProcesses, nodeOfProcess, processName } from './moleculer-names.ts'
import { MoleculerTransporter } from './moleculer-transporter.ts'
import { isConnected } from '../nats/nats-connection.ts'
import { toError, toFailure, type PeerFailure } from './peer-failure.ts'
import type { PeerHandler, Peers } from './peers.ts'
import { RefusedInput } from '../refused-input.ts'
import { isFields, Malformed } from '../stored-value.ts'

export interface MoleculerPeersOptions {
  /** Stays its owner's: it is not closed here. */
  readonly connection: NatsConnection
  readonly namespace: string
  readonly nodeId: NodeId
  /** Told what Moleculer warns of. */
  readonly onError?: (what: string, error: unknown) => void
  readonly refused?: RefusedInput
}

/** In a small cluster; see `moleculer-discoverer.ts`. */
const HEARTBEAT_SECONDS = 1
/** A silent node is forgotten after this to twice this. */
const HEARTBEAT_TIMEOUT_SECONDS = 3
/** Each call names its own; this is for one that would not. */
const REQUEST_TIMEOUT_MS = 5_000
const HEAR_TIMEOUT_MS = 2_000
const CLOSE_TIMEOUT_MS = 2_000

const SERVICE = 'tinygrid'
const ACTION = `${SERVICE}.call`
const EVENT = `${SERVICE}.told`
/** Said by nodes that hear what is told to all with one message. */
const HEARS_ALL = 'hearsAll'
const TOO_LARGE = 'MAX_PAYLOAD_EXCEEDED'

interface PeerQuestion {
  readonly name: string
  readonly params?: unknown
}

/** What is used of Moleculer's endpoint of an event. */
interface HearingEndpoint {
  readonly service: { readonly metadata: Readonly<Record<string, unknown>> }
}

interface PeerAnswer {
  readonly result?: unknown
  readonly failure?: PeerFailure
}

export class MoleculerPeers implements Peers {
  readonly nodeId: NodeId
  /** For other services of this node, such as what answers `nats micro`. */
  readonly connection: NatsConnection
  readonly #broker: ServiceBroker
  readonly #onError: (what: string, error: unknown) => void
  readonly #refused: RefusedInput
  readonly #handlers = new Map<string, PeerHandler>()
  readonly #listeners = new Map<string, ((params: unknown, from: NodeId) => void)[]>()
  readonly #transporter: MoleculerTransporter
  readonly #namespace: string
  /** Of this process, to Moleculer. */
  readonly #name: string
  readonly #processes = new KnownProcesses()
  #isOpen = false
  #isClosed = false

  constructor(options: MoleculerPeersOptions) {
    assert(/^[\w-]+$/.test(options.nodeId), `no name for a node: ${options.nodeId}`)
    this.nodeId = options.nodeId
    this.connection = options.connection
    this.#onError = options.onError ?? (() => {})
    this.#refused = options.refused ?? new RefusedInput()
    this.#namespace = options.namespace
    this.#name = processName(options.nodeId, Date.now(), Math.random())
    this.#processes.add(this.#name)
    this.#transporter = new MoleculerTransporter({
      connection: options.connection,
      service: SERVICE,
      refused: this.#refused,
      onError: this.#onError,
    })
    this.#broker = new HarmlessBroker({
      nodeID: this.#name,
      namespace: options.namespace,
      transporter: this.#transporter,
      serializer: 'JSON',
      logger: new MoleculerLogger(this.#onError),
      requestTimeout: REQUEST_TIMEOUT_MS,
      registry: { discoverer: new CalmDiscoverer(() => !this.#hearAll()) },
      heartbeatInterval: HEARTBEAT_SECONDS,
      heartbeatTimeout: HEARTBEAT_TIMEOUT_SECONDS,
      // Its `$node.options` hands out the password of NATS.
      internalServices: false,
      skipProcessEventRegistration: true,
      validator: false,
    })
    // Not by the service: others are heard of before it has started.
    const { localBus } = this.#broker
    localBus.on('$node.connected', (told: unknown) => this.#processes.add(idOf(told)))
    localBus.on('$node.disconnected', (told: unknown) => this.#processes.remove(idOf(told)))
    this.#broker.createService(this.#service())
  }

  async open(): Promise<void> {
    this.#isOpen = true
    await this.#broker.start()
    const unheard = await this.#transporter.findUnheard(HEAR_TIMEOUT_MS)
    // Nodes that start at the same time do not answer each other until they have started.
    if (unheard.length === 0) return this.#transporter.announce()
    await this.close()
    throw new StartError(
      `NATS at ${this.connection.getServer()} does not deliver ${unheard[0]}; the user in ` +
        `NATS_URL must be allowed to publish and subscribe to MOL-${this.#namespace}.>`,
    )
  }

  get isConnected(): boolean {
    return this.#isOpen && !this.#isClosed && isConnected(this.connection)
  }

  handle(name: string, handler: PeerHandler): void {
    assert(!this.#handlers.has(name), `${name} has a handler`)
    this.#handlers.set(name, handler)
  }

  async call(node: NodeId, name: string, params: unknown, timeoutMs: number): Promise<unknown> {
    if (!this.isConnected) throw unreachable(node, 'this node is cut off')
    const { result, failure } = await this.#ask(node, { name, params }, timeoutMs)
    if (failure !== undefined) throw toError(failure)
    return result
  }

  broadcast(name: string, params: unknown): void {
    if (!this.isConnected) return
    const question: PeerQuestion = { name, params }
    const told = this.#hearAll()
      ? this.#transporter.tellAll(EVENT, question)
      : this.#broker.broadcast(EVENT, question)
    told.catch((error: unknown) => this.#onError('a broadcast could not be sent', error))
  }

  /** Whether every node that is known hears what all are told at once: older programs do not. */
  #hearAll(): boolean {
    const { events } = this.#broker.registry
    const endpoints = events.getAllEndpoints(EVENT) as unknown as HearingEndpoint[]
    return endpoints.every(({ service }) => service.metadata[HEARS_ALL] === true)
  }

  listen(name: string, listener: (params: unknown, from: NodeId) => void): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener])
  }

  /** Calls under way are given up when their time is over. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (!this.#isOpen) return
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS)
    })
    await Promise.race([this.#broker.stop(), timeout])
    clearTimeout(timer)
  }

  async #ask(node: NodeId, question: PeerQuestion, timeoutMs: number): Promise<PeerAnswer> {
    try {
      // Moleculer's own timer, after a pause of the process, does not let the answer in first.
      const nodeID = this.#processes.newestOf(node)
      if (nodeID === undefined) throw new Error('it is not known')
      const options = { nodeID, timeout: 2 * timeoutMs }
      const call = this.#broker.call<PeerAnswer, PeerQuestion>(ACTION, question, options)
      return await within(timeoutMs, 'the answer', call)
    } catch (cause) {
      const { code, message } = cause as { code?: unknown; message: string }
      if (code !== TOO_LARGE) throw unreachable(node, message, cause)
      const detail = `${question.name} or its answer is too large for NATS`
      throw new TinygridError('internal', { detail, cause })
    }
  }

  async #answer(asked: unknown, from: NodeId): Promise<PeerAnswer> {
    const question = this.#questionIn(asked)
    if (question === undefined) return { failure: toFailure(new Malformed('no call of a node')) }
    const { name, params } = question
    try {
      const handler = this.#handlers.get(name)
      if (handler === undefined) throw unreachable(this.nodeId, `it does not know ${name}`)
      return { result: await handler(params, from) }
    } catch (error) {
      const isRefused = error instanceof Malformed || hasCode(error, 'bad_request')
      if (isRefused) this.#refused.note('message', `a call ${name} is not understood`)
      else if (!(error instanceof TinygridError)) this.#onError(`answering ${name} failed`, error)
      return { failure: toFailure(error) }
    }
  }

  #hear(told: unknown, from: NodeId): void {
    const question = this.#questionIn(told)
    if (question === undefined) return
    const { name, params } = question
    try {
      for (const listener of this.#listeners.get(name) ?? []) listener(params, from)
    } catch (error) {
      this.#onError(`hearing ${name} failed`, error)
    }
  }

  /** undefined: it is none, and refused. */
  #questionIn(value: unknown): PeerQuestion | undefined {
    if (isFields(value) && typeof value['name'] === 'string') {
      return value as unknown as PeerQuestion
    }
    this.#refused.note('message', 'a message of another node has no name')
    return undefined
  }

  #service(): ServiceSchema {
    return {
      name: SERVICE,
      metadata: { [HEARS_ALL]: true },
      actions: {
        call: ({ params, nodeID }: Context) => this.#answer(params, nodeOfProcess(nodeID)!),
      },
      events: {
        [EVENT]: ({ params, nodeID }: Context) => {
          // Moleculer tells a node its own broadcasts too.
          const from = nodeOfProcess(nodeID)
          if (nodeID !== this.#name && from !== undefined) this.#hear(params, from)
        },
      },
    }
  }
}

/**
 * Moleculer ends the process where it knows no help: for a packet that seems to be its own node's, too.
 * Here that is an error like any other.
 */
class HarmlessBroker extends ServiceBroker {
  override fatal(message: string, error?: Error): void {
    throw error ?? new Error(message)
  }
}

/** Of the node that an event of Moleculer itself tells of. */
function idOf(told: unknown): string {
  return (told as { node: { id: string } }).node.id
}

function unreachable(node: NodeId, why: string, cause?: unknown): TinygridError {
  return new TinygridError('owner_unavailable', {
    detail: `${node} does not answer: ${why}`,
    cause,
  })
}
