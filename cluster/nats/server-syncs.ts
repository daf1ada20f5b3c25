/**
 * Whether NATS servers sync each write to disk before they acknowledge it (`sync_interval: always`).
 *
 * For people. Clients are not told, so it takes a connection of the servers' system account. Servers that do
 * not answer in time count as if they were not there: what they say decides once they are back.
 */
import type { NatsConnection } from 'nats'
import type { Clock } from '../../links/clock.ts'
import { isFields } from '../stored-value.ts'
import { isConnected, newInbox } from './nats-connection.ts'

const QUESTION = '$SYS.REQ.SERVER.PING.JSZ'
/** Below what the page of the cluster waits for the log. */
const WAIT_MS = 150

/** null: no server has told. */
export async function readSyncs(connection: NatsConnection, clock: Clock): Promise<boolean | null> {
  if (!isConnected(connection)) return null
  const told: boolean[] = []
  const reply = newInbox(connection)
  const subscription = connection.subscribe(reply, {
    callback: (error, message) => {
      const syncs = error === null ? syncsIn(message.string()) : undefined
      if (syncs !== undefined) told.push(syncs)
    },
  })
  connection.publish(QUESTION, '', { reply })
  await new Promise<void>((resolve) => {
    clock.after(WAIT_MS, resolve)
  })
  if (!connection.isClosed()) subscription.unsubscribe()
  return told.length === 0 ? null : told.every(Boolean)
}

/** undefined: it is no answer of a server that keeps streams. */
export function syncsIn(answer: string): boolean | undefined {
  try {
    const { data } = JSON.parse(answer) as { data?: unknown }
    if (!isFields(data) || data['disabled'] === true) return undefined
    const config = data['config']
    return isFields(config) ? config['sync_always'] === true : undefined
  } catch {
    return undefined
  }
}
