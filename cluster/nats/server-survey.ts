/**
 * One round of questions to all NATS servers: what each knows of its Raft groups, and which are gone.
 *
 * Used by `election-caller.ts`, over a connection of the system account. A server that hangs, or has much to
 * do, is heard by nobody for a while; one that is gone has no subscriptions, and the server that is asked
 * says so at once. So of those that were there before each is asked by its name too, and the round ends when
 * every one of them has answered or is gone. A server has a new name each time it starts: one that has started
 * since can only be asked with all, and is given a moment.
 */
import type { Msg, NatsConnection, Subscription } from 'nats'
import type { Clock } from '../../links/clock.ts'
import { newInbox } from './nats-connection.ts'
import { membersIn, serverIn, type RaftMember } from './raft-groups.ts'

export interface SurveyOptions {
  /** Of a user of the system account. */
  readonly connection: NatsConnection
  /** Whose groups are asked for, besides those of the system account. */
  readonly account: string
  readonly clock: Clock
  /** The names of servers that have answered before. */
  readonly known: ReadonlySet<string>
  /** How long a server may take to answer that may be there. */
  readonly waitMs: number
}

export const GROUPS_OF_ALL = '$SYS.REQ.SERVER.PING.RAFTZ'
/** Takes the place of a server's name. */
const ALL = 'all'
/** How long one may take that may have started since. */
const NEW_MS_MAX = 250
/** What the server says where nobody hears. */
const NO_RESPONDERS = 503

export class ServerSurvey {
  /** The servers that have answered. */
  readonly answered = new Set<string>()
  /** Those of the known ones that are gone. */
  readonly gone = new Set<string>()
  readonly members: RaftMember[] = []
  readonly #options: SurveyOptions
  readonly #inbox: string
  /** How many answers of each known server are to come. */
  readonly #awaited: Map<string, number>
  readonly #end = Promise.withResolvers<void>()
  #mayEnd = false

  private constructor(options: SurveyOptions) {
    this.#options = options
    this.#inbox = newInbox(options.connection)
    this.#awaited = new Map([...options.known].map((server) => [server, this.#questions.length]))
  }

  /** @throws what the driver throws where nothing can be sent */
  static async take(options: SurveyOptions): Promise<ServerSurvey> {
    const survey = new ServerSurvey(options)
    await survey.#run()
    return survey
  }

  async #run(): Promise<void> {
    const { connection, clock, waitMs } = this.#options
    const subscription = this.#listen()
    const cancels = [
      clock.after(NEW_MS_MAX, () => {
        this.#mayEnd = true
        this.#endIfComplete()
      }),
      clock.after(waitMs, this.#end.resolve),
    ]
    try {
      for (const server of this.#awaited.keys()) this.#send(`$SYS.REQ.SERVER.${server}.IDZ`, server)
      for (const question of this.#questions) this.#send(GROUPS_OF_ALL, ALL, question)
      await this.#end.promise
    } finally {
      for (const cancel of cancels) cancel()
      if (!connection.isClosed()) subscription.unsubscribe()
    }
  }

  get #questions(): readonly object[] {
    return [{ account: this.#options.account }, {}]
  }

  #send(subject: string, of: string, question?: object): void {
    const payload = question === undefined ? '' : JSON.stringify(question)
    this.#options.connection.publish(subject, payload, { reply: `${this.#inbox}.${of}` })
  }

  #listen(): Subscription {
    return this.#options.connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) return
        const of = message.subject.slice(this.#inbox.length + 1)
        if (of === ALL) this.#take(message)
        else if (isUnheard(message)) this.#forget(of)
        this.#endIfComplete()
      },
    })
  }

  #take(message: Msg): void {
    const text = message.string()
    const server = serverIn(text)
    if (server === undefined) return
    this.answered.add(server)
    this.members.push(...membersIn(text))
    const left = (this.#awaited.get(server) ?? 0) - 1
    if (left > 0) this.#awaited.set(server, left)
    else this.#awaited.delete(server)
  }

  #forget(server: string): void {
    this.#awaited.delete(server)
    this.gone.add(server)
  }

  #endIfComplete(): void {
    if (this.#mayEnd && this.answered.size > 0 && this.#awaited.size === 0) this.#end.resolve()
  }
}

function isUnheard({ data, headers }: Msg): boolean {
  return data.length === 0 && headers?.code === NO_RESPONDERS
}
