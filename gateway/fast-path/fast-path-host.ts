/**
 * The seam between one client's connection and what all connections share.
 *
 * Kept by the fast path, called by its connections, always in the turn of the event loop in which they were
 * told of something. No method throws, but for what is no error of operation.
 */
import type { Socket } from 'node:net'
import type { Code } from '../../links/ids.ts'
import type { Lookup } from '../../links/link.ts'
import type { TurnBudget } from '../http/turn-budget.ts'
import type { FastPathConnection } from './fast-path-connection.ts'
import type { Expected } from './fast-path-line.ts'
import type { PrefixOf } from './fast-path-request.ts'

/** What a connection needs from the fast path around it. */
export interface ConnectionHost {
  /** Where all connections read to, one at a time. */
  readonly buffer: Buffer
  /** What is left of this turn of the event loop for those who ask much at once. */
  readonly turn: TurnBudget
  /** Of the domain of a request; undefined: there is one alone. */
  readonly prefixOf: PrefixOf | undefined
  /** The present tick. */
  readonly tick: number
  /** Ticks to send one head in, and to take replies or ask for more; fewer when the server stops. */
  readonly headTicks: number
  readonly idleTicks: number
  /** The server is stopping: what is under way is answered, with the connection's last reply. */
  readonly isClosing: boolean
  /** Called once for each batch of bytes, before its replies are asked for. */
  beginBatch(): void
  /** What memory says; 'unknown' only if `find` can be asked. */
  lookup(code: Code): Lookup
  /**
   * A redirect, or that there is no such link, which is then counted; undefined if Fastify has to answer.
   * @param isTraced it has a span already, since it had to be asked for
   */
  replyWith(
    found: Lookup,
    code: Code,
    query: string,
    head: string,
    socket: Socket,
    isTraced?: boolean,
  ): string | undefined
  /** Puts the answer from elsewhere into `expected`, then lets the connection go on. */
  find(code: Code, expected: Expected, connection: FastPathConnection): void
  /** Gives the socket to the server, which reads it from here on. */
  handOver(connection: FastPathConnection): void
  /** Answers as the server does when a client breaks off or is too slow, which ends the socket. */
  refuse(socket: Socket, reason: 'incomplete' | 'slow'): void
  forget(connection: FastPathConnection): void
}
