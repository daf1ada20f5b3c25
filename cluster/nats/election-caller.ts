/**
 * Has NATS servers elect a new leader at once where one is gone, instead of after 4 to 9 s.
 *
 * A replicated stream whose leader dies takes no writes until its other members have waited in vain for
 * its next sign of life. That wait is built into the servers (`minElectionTimeout` 4 s, `maxElectionTimeout`
 * 9 s in `raft.go`) and no setting changes it; nodes notice within milliseconds, because nobody hears what
 * they send to the stream. So one that is told here asks all servers what they know of their groups
 * (`raft-groups.ts`), and calls the members of those that have lost their leader to elect.
 *
 * All nodes may do so at once: a second call in the same term changes nothing. A call that was not needed
 * costs writes up to a second, so a server that was there before is waited for, unless nobody hears what is
 * sent to it: then its connections are gone, and it is. If nothing of this works, servers elect as they
 * always do.
 *
 * Needs a user of the servers' system account, who may do nothing but that (`deploy/nats-elections.conf`).
 * Rejected: servers built with other time-outs, which everybody would have to run; a second log that takes
 * over meanwhile, with everything that has to be right about two.
 */
import { NatsError, type NatsConnection } from 'nats'
import type { Clock } from '../../links/clock.ts'
import { StartError } from '../../links/errors.ts'
import { isConnected, newInbox } from './nats-connection.ts'
import { electionCall, leaderless, serverIn } from './raft-groups.ts'
import type { Leaderless, RaftMember } from './raft-groups.ts'
import { GROUPS_OF_ALL, ServerSurvey } from './server-survey.ts'

export interface ElectionCallerOptions {
  /** Of a user of the system account, as `connectNatsSystem` made it. Stays its owner's. */
  readonly connection: NatsConnection
  /** Whose streams they are. */
  readonly account: string
  readonly clock: Clock
  /** Told of the groups that were called: what was asked of their leaders is answered by nobody. */
  readonly onCall: (groups: readonly string[]) => void
  /** How long a server may take to answer that is there. */
  readonly answerMs?: number
}

const NAMES_OF_ALL = '$SYS.REQ.SERVER.PING.IDZ'
const OPEN_MS_MAX = 5_000
const ANSWER_MS = 1_000
/** What members take to elect after a call, and some. */
const ELECTION_MS = 1_500
/** Between two rounds: more each time while there is nothing that a call would mend. */
const PAUSE_MS_MIN = 250
const PAUSE_MS_MAX = 4_000
const NAMES_MS = 30_000
/** Until the connection to a server of the cluster is made again. */
const RECONNECT_POLL_MS = 50
const GLOBAL_ACCOUNT = '$G'

export class ElectionCaller {
  readonly #options: ElectionCallerOptions
  /** The servers that have answered, under their names of this run of theirs, and are not known to be gone. */
  readonly #servers = new Set<string>()
  /** Groups that elect: since when, as far as is known here. */
  #electing: ReadonlyMap<string, number> = new Map()
  #roundAt = -Infinity
  #pauseMs = PAUSE_MS_MIN
  #isBusy = false
  #cancelRound: () => void = () => {}
  #cancelNames: () => void = () => {}
  #isClosed = false

  private constructor(options: ElectionCallerOptions) {
    this.#options = options
  }

  /** @throws StartError if the user may not ask the servers */
  static async open(options: ElectionCallerOptions): Promise<ElectionCaller> {
    const caller = new ElectionCaller(options)
    await caller.#ask(options.answerMs ?? OPEN_MS_MAX)
    if (caller.#servers.size === 0) {
      throw new StartError(
        `The user of NATS_SYSTEM_URL may not ask ${GROUPS_OF_ALL}; it has to be one of NATS's system account`,
      )
    }
    caller.#learnNames()
    return caller
  }

  /** What was sent to a stream was not answered. */
  notice(): void {
    if (this.#isClosed || this.#isBusy) return
    this.#isBusy = true
    const sinceMs = this.#options.clock.now() - this.#roundAt
    if (sinceMs > PAUSE_MS_MAX) this.#pauseMs = PAUSE_MS_MIN
    this.#begin(Math.max(0, this.#pauseMs - sinceMs))
  }

  /** Whether a round is under way, or will be. */
  get isAsking(): boolean {
    return this.#isBusy
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelRound()
    this.#cancelNames()
  }

  #begin(afterMs: number): void {
    this.#cancelRound = this.#options.clock.after(afterMs, () => void this.#round())
  }

  async #round(): Promise<void> {
    const { connection, clock } = this.#options
    if (!isConnected(connection) && !connection.isClosed()) return this.#begin(RECONNECT_POLL_MS)
    this.#roundAt = clock.now()
    try {
      const members = await this.#ask(this.#options.answerMs ?? ANSWER_MS)
      // Not even its own server answers: that one hangs.
      if (members === undefined) await connection.reconnect()
      else if (!this.#isClosed) this.#call(members)
    } catch {
      // The connection is gone just now; whoever still gets no answer tells so again.
    }
    this.#isBusy = false
  }

  #call(members: readonly RaftMember[]): void {
    const { connection, onCall } = this.#options
    const due = this.#due(leaderless(members))
    this.#pauseMs = due.length > 0 ? PAUSE_MS_MIN : Math.min(2 * this.#pauseMs, PAUSE_MS_MAX)
    if (due.length === 0) return
    for (const election of due) {
      const { subject, payload } = electionCall(election)
      connection.publish(subject, payload, { reply: newInbox(connection) })
    }
    onCall(due.map(({ group }) => group))
  }

  /** Those that are not electing, or have been for too long: their votes may have been split. */
  #due(groups: readonly Leaderless[]): Leaderless[] {
    const now = this.#options.clock.now()
    const before = this.#electing
    const isDue = ({ group, isWaiting }: Leaderless) => {
      const since = before.get(group)
      return since === undefined ? isWaiting : now - since >= ELECTION_MS
    }
    const due = groups.filter(isDue)
    const since = (one: Leaderless) => (due.includes(one) ? now : (before.get(one.group) ?? now))
    this.#electing = new Map(groups.map((one) => [one.group, since(one)]))
    return due
  }

  /** What all servers tell of their groups; undefined: none has answered in time. */
  async #ask(waitMs: number): Promise<readonly RaftMember[] | undefined> {
    const { connection, account, clock } = this.#options
    const known = this.#servers
    const survey = await ServerSurvey.take({ connection, account, clock, known, waitMs })
    for (const server of survey.gone) this.#servers.delete(server)
    for (const server of survey.answered) this.#servers.add(server)
    return survey.answered.size > 0 ? survey.members : undefined
  }

  /** So that a server which starts while all is well is waited for when something is not. */
  #learnNames(): void {
    const { connection, clock } = this.#options
    const reply = newInbox(connection)
    connection.subscribe(reply, {
      callback: (error, message) => {
        const server = error === null ? serverIn(message.string()) : undefined
        if (server !== undefined) this.#servers.add(server)
      },
    })
    const again = () => {
      this.#cancelNames = clock.after(NAMES_MS, again)
      if (isConnected(connection)) connection.publish(NAMES_OF_ALL, '', { reply })
    }
    again()
  }
}

/** Of the user who is connected. Who may not ask is taken for one of the account that there always is. */
export async function accountOf(connection: NatsConnection): Promise<string> {
  try {
    const answer = await connection.request('$SYS.REQ.USER.INFO', '', { timeout: OPEN_MS_MAX })
    const { data } = answer.json<{ data?: { account?: string } }>()
    return data?.account ?? GLOBAL_ACCOUNT
  } catch (error) {
    if (error instanceof NatsError) return GLOBAL_ACCOUNT
    throw error
  }
}
