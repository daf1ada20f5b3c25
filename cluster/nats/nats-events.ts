/**
 * The cluster's events on NATS: published by the controller, followed by whoever wants to know.
 *
 * Plain messages, for `nats sub '<namespace>.events.>'` and `npm run cluster`: nothing keeps them
 * and nothing waits for them. While the connection is down they are dropped rather than kept.
 */
import type { NatsConnection } from 'nats'
import { clusterEventsOf, parseClusterEvent, type ClusterEvent } from './cluster-event.ts'
import type { Clock } from '../../links/clock.ts'
import type { EpochMs } from '../../links/ids.ts'
import type { MembershipEvent } from '../membership/membership-event.ts'
import { namesOf } from './namespace.ts'
import { isConnected } from './nats-connection.ts'

export interface NatsEventsOptions {
  readonly connection: NatsConnection
  readonly namespace: string
  readonly clock: Clock
  /** The wall clock. */
  readonly now: () => EpochMs
}

/** What happens within this time may be told together. */
const GATHER_MS = 50

export class NatsEvents {
  readonly #options: NatsEventsOptions
  #gathered: MembershipEvent[] = []
  #cancel: () => void = () => {}

  constructor(options: NatsEventsOptions) {
    this.#options = options
  }

  /** Published with others of this moment. */
  note(event: MembershipEvent): void {
    this.#gathered.push(event)
    if (this.#gathered.length > 1) return
    this.#cancel = this.#options.clock.after(GATHER_MS, () => this.#publish())
  }

  /** Sends what is left; the connection stays its owner's. */
  async close(): Promise<void> {
    this.#cancel()
    this.#publish()
  }

  #publish(): void {
    const { connection, namespace, now } = this.#options
    const events = clusterEventsOf(this.#gathered, now())
    this.#gathered = []
    if (!isConnected(connection)) return
    for (const event of events) {
      connection.publish(namesOf(namespace).eventSubject(event.kind), JSON.stringify(event))
    }
  }
}

/**
 * Calls `listener` with each event, until the returned function is called. What is no event is
 * passed over: anybody may publish there.
 */
export function followEvents(
  connection: NatsConnection,
  namespace: string,
  listener: (event: ClusterEvent) => void,
): () => void {
  const subscription = connection.subscribe(namesOf(namespace).eventSubject('>'), {
    callback: (error, message) => {
      if (error !== null) return
      const event = eventIn(message.string())
      if (event !== undefined) listener(event)
    },
  })
  return () => subscription.unsubscribe()
}

function eventIn(text: string): ClusterEvent | undefined {
  try {
    return parseClusterEvent(JSON.parse(text))
  } catch {
    return undefined
  }
}
