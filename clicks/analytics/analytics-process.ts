/**
 * The program of the analytics process: between click log and click store, and who answers about both.
 *
 * Forked by a node (`forked-analytics.ts`), which sends it the settings, asks, and tells it to end. It
 * has a low priority: redirects come first. It ends with its node, at once, as a kill would: what is not
 * stored stays in the log. Signals of a terminal or a service manager are for the node, which lets this
 * process finish. What cannot be opened ends it with a line; the node tries again.
 */
import { systemClock } from '../../links/clock.ts'
import { StartError, TinygridError } from '../../links/errors.ts'
import { toEpochMs, type Code } from '../../links/ids.ts'
import { traceInto } from '../../links/tracing.ts'
import { decodeBatch } from '../log/batch-codec.ts'
import { AnalyticsCalls } from './analytics-calls.ts'
import {
  NUMBERS_EVERY_MS,
  SIZE_EVERY_MS,
  type AnalyticsSettings,
  type FromAnalytics,
  type ToAnalytics,
} from './analytics-ipc.ts'
import { openHooks, type RunningHooks } from './analytics-hooks.ts'
import { openParts, type AnalyticsParts } from './analytics-parts.ts'
import { AppliedDeletions } from './applied-deletions.ts'
import { ClickConsumer } from './click-consumer.ts'
import { isDamage, markDamaged } from './damaged-store.ts'
import { lowerPriority } from './low-priority.ts'
import { lagBehind, StoreAnalytics } from './store-analytics.ts'
import { tellingSink, type ToldSpan } from './told-spans.ts'

const DAY_MS = 86_400_000
/** Of the operating system's -20 to 19. */
const PRIORITY = 10
const EXIT_FAILURE = 1

let consumer: ClickConsumer | undefined
let calls: AnalyticsCalls | undefined
let hooks: RunningHooks | undefined
/** Of the calls that are being answered: aborted when nobody waits for the value any more. */
const answering = new Map<number, AbortController>()
/** Those who wait for the codes of tags. */
const asking = new Map<number, (codes: TagCodes | undefined) => void>()
let asked = 0
let size: number | null = null
let sizeDueAt = 0

type TagCodes = ReadonlyMap<string, readonly Code[]>

function listen(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  process.on('disconnect', () => process.exit())
  process.on('message', (message: ToAnalytics) => {
    if (message.type === 'start') void run(message.settings, message.countedTo).catch(fail)
    else if (message.type === 'call') void answer(message)
    else if (message.type === 'cancel') answering.get(message.id)?.abort()
    else if (message.type === 'codes') asking.get(message.id)?.(message.codes)
    else void drain()
  })
}

async function run(settings: AnalyticsSettings, countedTo: number | undefined): Promise<void> {
  if (settings.isTraced === true) traceInto(tellingSink(tellSpan, Date.now))
  let parts: AnalyticsParts | undefined
  const beat = setInterval(() => void tellNumbers(parts).catch(() => {}), NUMBERS_EVERY_MS)
  parts = await openParts(settings, (what) => log('warn', what))
  const { store, parse } = parts
  const deletions = new AppliedDeletions(systemClock)
  consumer = new ClickConsumer({
    log: parts.log,
    store,
    decode: decodeBatch,
    parse,
    clock: systemClock,
    now: () => toEpochMs(Date.now()),
    random: Math.random,
    retentionMs: settings.retentionDays * DAY_MS,
    countedTo,
    onPlaced: () => tellNumbers(parts),
    onDeleted: (id, clicks) => deletions.note(id, clicks),
    onError: (what, error) => {
      log('warn', what, error)
      void endIfDamaged(settings, error)
    },
  })
  const analytics = new StoreAnalytics({ store, log: parts.log, consumer, deletions })
  calls = new AnalyticsCalls(analytics, systemClock, () => hooks?.desks)
  void runHooks(settings, parts)
  // Not before: where a machine is busy, a start that yields to all others takes minutes.
  lowerPriority(PRIORITY)
  const running = consumer.run()
  await tellNumbers(parts)
  await running
  clearInterval(beat)
  await hooks?.close()
  await tellNumbers(parts)
  await calls.close()
  await parts.close()
  process.disconnect?.()
}

/** What the log has now is to be stored; before that is possible, there is nothing to wait for. */
async function drain(): Promise<void> {
  if (consumer === undefined) process.exit()
  await consumer.drain().catch(fail)
}

async function answer({ id, name, params }: Extract<ToAnalytics, { type: 'call' }>): Promise<void> {
  const gone = new AbortController()
  answering.set(id, gone)
  try {
    if (calls === undefined) throw new TinygridError('analytics_unavailable')
    tell({ type: 'value', id, value: await calls.call(name, params, gone.signal) })
  } catch (error) {
    const isTold = error instanceof TinygridError
    if (!isTold) log('error', `a question about clicks failed (${name})`, error)
    const code = isTold ? error.code : 'internal'
    const message = isTold ? error.message : 'The question could not be answered'
    const field = isTold ? error.field : undefined
    tell({ type: 'error', id, code, message, field })
  } finally {
    answering.delete(id)
  }
}

/** Clicks are counted whether these can run or not. */
async function runHooks(settings: AnalyticsSettings, parts: AnalyticsParts): Promise<void> {
  try {
    const onError = (what: string, error: unknown) => log('warn', what, error)
    hooks = await openHooks({ ...parts, settings: settings.hooks, codesOfTags, onError })
  } catch (error) {
    log('error', 'webhooks and reports cannot run', error)
  }
}

/** Asked of the node. */
async function codesOfTags(tags: readonly string[] | 'all'): Promise<TagCodes> {
  const id = ++asked
  tell({ type: 'tags', id, tags })
  const codes = await new Promise<TagCodes | undefined>((resolve) => asking.set(id, resolve))
  asking.delete(id)
  if (codes === undefined) throw new TinygridError('store_unavailable')
  return codes
}

async function tellNumbers(parts: AnalyticsParts | undefined): Promise<void> {
  // Away: as if there were nothing behind. That clicks wait is told by the consumer.
  const span = await parts?.log.span().catch(() => undefined)
  const bytes = await sizeOf(parts)
  // All at one moment: a later process goes on counting from there.
  const { position, counts } = consumer ?? {}
  const { stored = 0, lost = 0, undecodable = 0 } = counts ?? {}
  const numbers = {
    leadsHooks: hooks?.desks !== undefined,
    isReady: calls !== undefined,
    stored,
    lost,
    undecodable,
    position: position ?? null,
    lag: span === undefined ? 0 : lagBehind(position ?? 0, span),
    bytes,
  }
  tell({ type: 'numbers', numbers })
}

/** Counting takes ClickHouse a while, so it is asked rarely. */
async function sizeOf(parts: AnalyticsParts | undefined): Promise<number | null> {
  if (parts === undefined || performance.now() < sizeDueAt) return size
  sizeDueAt = performance.now() + SIZE_EVERY_MS
  size = await parts.store.facts().then(
    ({ bytes }) => bytes,
    () => null,
  )
  return size
}

async function endIfDamaged({ store }: AnalyticsSettings, error: unknown): Promise<void> {
  if (store.kind !== 'duckdb' || !isDamage(error)) return
  await markDamaged(store.directory, error)
  process.exit(EXIT_FAILURE)
}

function log(level: 'info' | 'warn' | 'error', what: string, error?: unknown): void {
  tell({ type: 'log', level, what, detail: error === undefined ? '' : detailOf(error) })
}

/** What operators can act on in one line, the rest with where it came from. */
function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isExpected = error instanceof TinygridError || error instanceof StartError
  const text = isExpected ? error.message : (error.stack ?? error.message)
  return error.cause instanceof Error ? `${text}: ${error.cause.message}` : text
}

function tellSpan(span: ToldSpan): void {
  tell({ type: 'span', span })
}

function tell(message: FromAnalytics): void {
  if (process.connected) process.send!(message)
}

function fail(error: unknown): void {
  log('error', 'the analytics process cannot go on', error)
  process.exitCode = EXIT_FAILURE
  process.disconnect?.()
}

listen()
