/**
 * A client: asks one thing after the other of random nodes, and keeps what it was told.
 *
 * It asks again with the same operation id where it does not know what became of a write, through
 * another node too. What it asked, and what it was told, is one entry of the history, from its first
 * attempt to its last answer. An answer that rests on no effect says nothing of the attempts before
 * it: these may have an effect yet, and stay in the history as a call without an outcome.
 *
 * A visit it asks for once: nobody but a router repeats those, and owners remember them for no longer
 * than that takes (VISIT_KEPT_MS).
 */
import { TinygridError } from '../links/errors.ts'
import { SHORT_RULES } from '../links/testing/sample-rules.ts'
import { toEpochMs, type Code } from '../links/ids.ts'
import type { Source, WriteRequest, WriteResult } from '../links/link-owner.ts'
import {
  hasEffect,
  isUncertain,
  outcomeOfLink,
  outcomeOfLookup,
  outcomeOfWrite,
} from './answers.ts'
import type { History } from './history.ts'
import type { Random } from './random.ts'
import { isReading, type Operation, type Outcome } from './register.ts'
import type { Scheduler } from './scheduler.ts'
import type { SimulatedNode } from './simulated-node.ts'
import type { Story } from './story.ts'

export interface ClientOptions {
  readonly name: string
  readonly scheduler: Scheduler
  readonly random: Random
  readonly history: History
  readonly story: Story
  /** The node that is asked next; undefined: none can be reached. */
  readonly nextNode: () => SimulatedNode | undefined
  /** A node failed with what is no operating error. */
  readonly onBug: (error: unknown) => void
}

/** One answer of a node. `outcome` undefined: it failed. */
interface Answer {
  readonly outcome: Outcome | undefined
  readonly source: Source
  /** A failed write may have happened; an outcome rests on what the write changed. */
  readonly isUncertain: boolean
  readonly hasEffect: boolean
}

const ATTEMPTS_MAX = 4
/** Longer than a gateway holds a write. */
const PATIENCE_MS = 7_000
const NETWORK_MS_MAX = 3
const PAUSE_MS_MAX = 400
const NO_ANSWER: Answer = {
  outcome: undefined,
  source: 'owner',
  isUncertain: true,
  hasEffect: false,
}

export class Client {
  readonly #options: ClientOptions
  #asked = 0

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** Asks this of the cluster, as often as it takes, or until it gives up. */
  async ask(code: string, operation: Operation, attemptsMax = ATTEMPTS_MAX): Promise<Answer> {
    const { name, scheduler, history, random } = this.#options
    const operationId = `${name}.${++this.#asked}`
    const calledAt = scheduler.now
    const entry = { code, client: operationId, operation, calledAt }
    const lost = { ...entry, returnedAt: Infinity, outcome: undefined, source: 'owner' as const }
    let mayHappen = false
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#attempt(code, operation, operationId)
      const { outcome, source } = answer
      mayHappen ||= answer.isUncertain && !isReading(operation)
      if (outcome !== undefined) {
        if (mayHappen && !answer.hasEffect) history.add(lost)
        history.add({ ...entry, returnedAt: scheduler.now, outcome, source })
        return answer
      }
      if (attempt >= attemptsMax || operation.kind === 'visit' || random.chance(0.2)) {
        if (mayHappen) history.add(lost)
        return answer
      }
      await this.#pause()
    }
  }

  async #pause(): Promise<void> {
    const { scheduler, random } = this.#options
    await new Promise<void>((resolve) => {
      scheduler.after(random.between(1, PAUSE_MS_MAX), resolve)
    })
  }

  /** One request to one node. */
  #attempt(code: string, operation: Operation, operationId: string): Promise<Answer> {
    const { scheduler, random, story, nextNode } = this.#options
    const node = nextNode()
    if (node === undefined) return Promise.resolve({ ...NO_ANSWER, isUncertain: false })
    const asked = `${operationId} asks ${node.nodeId} ${code} ${JSON.stringify(operation)}`
    story.tell('client', () => asked)
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const answer = (given: Answer): void => {
      const delayMs = random.between(0, NETWORK_MS_MAX)
      scheduler.after(delayMs, () => {
        story.tell('client', () => `${asked}: ${given.outcome ?? '?'} (${given.source})`)
        resolve(given)
      })
    }
    let isAnswered = false
    const end = (given: Answer) => {
      if (!isAnswered) answer(given)
      isAnswered = true
    }
    scheduler.after(PATIENCE_MS, () => end(NO_ANSWER))
    scheduler.after(random.between(0, NETWORK_MS_MAX), () => {
      if (!node.isUp) return end({ ...NO_ANSWER, isUncertain: false })
      node.whenGone(() => end(NO_ANSWER))
      node.process.receive(() => {
        void this.#request(node, code as Code, operation, operationId).then(end)
      })
    })
    return promise
  }

  async #request(
    node: SimulatedNode,
    code: Code,
    operation: Operation,
    operationId: string,
  ): Promise<Answer> {
    const { links } = node.program
    const told = { isUncertain: false, hasEffect: false, source: 'owner' as const }
    try {
      if (operation.kind === 'find') {
        const { lookup, source } = await links.find(code)
        return { ...told, outcome: outcomeOfLookup(lookup), source }
      }
      if (operation.kind === 'read') {
        return { ...told, outcome: outcomeOfLink(await links.read(code)) }
      }
      const result: WriteResult = await links.write(requestOf(code, operation, operationId))
      return { ...told, outcome: outcomeOfWrite(result), hasEffect: hasEffect(result) }
    } catch (error) {
      if (!(error instanceof TinygridError)) this.#options.onBug(error)
      return { ...told, outcome: undefined, isUncertain: isUncertain(error) }
    }
  }
}

/** Of links that no request is answered with again, so that what is asked and answered is as without. */
const OPTIONS = {
  validFrom: toEpochMs(1),
  redirectStatus: 308,
  expiredUrl: 'https://e.org/over',
} as const

type Change = Exclude<Operation, { kind: 'find' } | { kind: 'read' }>

function requestOf(code: Code, operation: Change, operationId: string): WriteRequest {
  switch (operation.kind) {
    case 'create': {
      const settings = { title: null, tags: [], expiresAt: null, isAlias: true }
      const { isRuled = false, ...create } = operation
      const rules = isRuled ? { rules: SHORT_RULES[0]! } : {}
      const options = create.maxVisits === null ? {} : OPTIONS
      return { ...create, ...settings, ...options, ...rules, code, operationId }
    }
    case 'update':
      return { kind: 'update', code, changes: { url: operation.url }, operationId }
    case 'delete':
    case 'restore':
    case 'purge':
    case 'visit':
      return { kind: operation.kind, code, operationId }
  }
}
