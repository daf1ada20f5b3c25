/**
 * Whether what came under one of Moleculer's subjects is a packet of a node.
 *
 * Used by `moleculer-transporter.ts` before Moleculer sees it. Anybody with access may publish there,
 * and Moleculer believes much: it ends its process for an INFO that seems to be its own, answers to
 * whatever subject a sender's name makes, and keeps every stream that was ever begun. Pure.
 */
import { isCount, isFields, must, type Fields } from '../stored-value.ts'
import { nodeOfProcess } from './moleculer-names.ts'

/** What each packet must have, of type string. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  REQ: ['id', 'action'],
  RES: ['id'],
  EVENT: ['event'],
  INFO: ['instanceID'],
  DISCOVER: [],
  DISCONNECT: [],
  HEARTBEAT: [],
  PING: [],
  PONG: [],
}

/** Of processes whose INFO is remembered; the oldest are forgotten. */
const INFOS_MAX = 10_000

/**
 * What is known of other processes by their INFO. Moleculer takes the last one for true, and a forged
 * one would have it call a living node no more.
 */
export class KnownInfos {
  readonly #service: string
  readonly #known = new Map<string, { readonly instance: unknown; readonly serves: boolean }>()

  /** @param service that each node has once it has started */
  constructor(service: string) {
    this.#service = service
  }

  /**
   * Whether to hear it. Not if a process that had the service has none: one that stops says so too,
   * but takes its leave next.
   * @throws Malformed if it is not of the process that it names
   */
  hears(payload: Fields): boolean {
    const { sender, instanceID: instance, services, seq } = payload
    const known = this.#known.get(sender as string)
    must(known === undefined || known.instance === instance, 'a packet INFO is of another process')
    must(isCount(seq), 'a packet INFO has no number')
    const isService = (one: unknown) => isFields(one) && one['name'] === this.#service
    const serves = (services as unknown[]).some(isService)
    if (known?.serves === true && !serves) return false
    this.#known.set(sender as string, { instance, serves })
    if (this.#known.size > INFOS_MAX) this.#known.delete(this.#known.keys().next().value!)
    return true
  }
}

/** @param own this process's name  @throws Malformed */
export function checkPacket(
  command: string,
  payload: unknown,
  own: { readonly name: string; readonly version: string; readonly instance: string },
): asserts payload is Fields {
  must(isFields(payload), `a packet ${command} is no object`)
  must(payload['ver'] === own.version, `a packet ${command} has another version`)
  must(nodeOfProcess(payload['sender']) !== undefined, `a packet ${command} is of no node`)
  // Only events and calls to itself come back; who says that it is this process is not believed.
  const isForged = command === 'INFO' && payload['instanceID'] !== own.instance
  must(payload['sender'] !== own.name || !isForged, 'a packet INFO pretends to be of this node')
  const texts = TEXTS[command]
  must(texts !== undefined, 'a packet is of no known kind')
  for (const name of texts) {
    must(typeof payload[name] === 'string', `a packet ${command} has no ${name}`)
  }
  must(!payload['stream'], `a packet ${command} is a stream, which no node sends`)
  must(command !== 'INFO' || Array.isArray(payload['services']), 'a packet INFO has no services')
}
