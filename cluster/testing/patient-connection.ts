/**
 * A connection to a NATS server that runs, for tests: a node gives up after 2 s without an answer, and on a
 * machine that stalls a server may take longer. What it refuses is refused at once.
 */
import type { NatsConnection } from 'nats'
import { connectNats, type NatsConnectionOptions } from '../nats/nats-connection.ts'

const REACHED_WITHIN_MS = 30_000
const PASSING = /no answer|is not ready/

/** @throws StartError */
export async function connectPatiently(options: NatsConnectionOptions): Promise<NatsConnection> {
  const deadline = performance.now() + REACHED_WITHIN_MS
  while (true) {
    try {
      return await connectNats(options)
    } catch (error) {
      if (performance.now() > deadline || !PASSING.test(String(error))) throw error
    }
  }
}
