import test from 'ava'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import type { Code } from '../../links/ids.ts'
import { sampleQuestion } from '../testing/sample-clicks.ts'
import type { AnalyticsSettings, FromAnalytics, ToAnalytics } from './analytics-ipc.ts'
import { AnalyticsSupervisor, type AnalyticsChild } from './analytics-supervisor.ts'

const SETTINGS: AnalyticsSettings = {
  log: { kind: 'lmdb', directory: 'log' },
  store: { kind: 'duckdb', directory: 'store' },
  retentionDays: 400,
  hooks: {
    values: { kind: 'file', file: 'nowhere.json' },
    allowsPrivate: false,
    reportsDirectory: 'nowhere',
  },
  keepsAddress: true,
  geoipFile: undefined,
  geoipAsnFile: undefined,
}

class Child implements AnalyticsChild {
  readonly told: ToAnalytics[] = []
  isKilled = false
  #say: (message: FromAnalytics) => void = () => {}
  #exit: () => void = () => {}

  send(message: ToAnalytics): void {
    this.told.push(message)
  }

  kill(): void {
    this.isKilled = true
    this.#exit()
  }

  onMessage(listener: (message: FromAnalytics) => void): void {
    this.#say = listener
  }

  onExit(listener: () => void): void {
    this.#exit = listener
  }

  says(message: FromAnalytics): void {
    this.#say(message)
  }

  /** What it tells once a second. */
  lives(numbers: { stored?: number; position?: number | null; isReady?: boolean } = {}): void {
    const { stored = 0, position = 0, isReady = true } = numbers
    const none = { lost: 0, undecodable: 0, lag: 0, bytes: null, leadsHooks: false }
    this.says({ type: 'numbers', numbers: { ...none, isReady, stored, position } })
  }

  exits(): void {
    this.#exit()
  }

  /** The last call it was given. */
  get call() {
    const calls = this.told.filter((message) => message.type === 'call')
    return calls.at(-1)!
  }
}

class World {
  readonly clock = new ManualClock()
  readonly children: Child[] = []
  readonly lines: string[] = []
  readonly readiness: boolean[] = []
  readonly supervisor = new AnalyticsSupervisor({
    settings: SETTINGS,
    fork: () => {
      this.children.push(new Child())
      return this.child
    },
    clock: this.clock,
    random: () => 0.5,
    onLog: (_level, what) => this.lines.push(what),
    onReady: (isReady) => this.readiness.push(isReady),
  })

  get child(): Child {
    return this.children.at(-1)!
  }
}

const refused = { code: 'analytics_unavailable' }

test('questions are answered by the process once it is ready, and refused before', async (t) => {
  const { supervisor, ...world } = new World()
  supervisor.start(async () => new Map())
  const child = world.children[0]!
  t.like(child.told[0], { type: 'start', settings: SETTINGS })
  await t.throwsAsync(supervisor.status(), refused)
  child.lives({ isReady: false })
  await t.throwsAsync(supervisor.status(), refused)
  child.lives()
  const asked = supervisor.clicksOf(['a' as Code])
  const { id, name, params } = child.call
  t.deepEqual([name, params], ['clicksOf', [['a' as Code]]])
  child.says({ type: 'value', id, value: new Map([['a' as Code, 3]]) })
  t.is((await asked).get('a' as Code), 3)
})

test('an answer that is an error has its code', async (t) => {
  const { supervisor, children } = new World()
  supervisor.start(async () => new Map())
  children[0]!.lives()
  const asked = supervisor.deleted('d1')
  const { id } = children[0]!.call
  children[0]!.says({
    type: 'error',
    id,
    code: 'click_store_unavailable',
    message: 'away',
    field: undefined,
  })
  await t.throwsAsync(asked, { code: 'click_store_unavailable', message: 'away' })
})

test('a process that dies is replaced, what was asked of it is refused, its counts stay', async (t) => {
  const world = new World()
  const { supervisor, clock } = world
  supervisor.start(async () => new Map())
  world.child.lives({ stored: 5, position: 2 })
  const asked = supervisor.status()
  world.child.exits()
  await t.throwsAsync(asked, refused)
  t.deepEqual(world.readiness, [true, false])
  await clock.pass(1_000)
  t.is(world.children.length, 2)
  t.like(world.child.told[0], { type: 'start', countedTo: 2 })
  world.child.lives({ stored: 4, position: 3 })
  t.like(supervisor.numbers, { stored: 9, position: 3, isReady: true })
})

test('a process that dies before it knows its position changes nothing of what counts', async (t) => {
  const world = new World()
  world.supervisor.start(async () => new Map())
  world.child.lives({ stored: 5, position: 2 })
  world.child.exits()
  await world.clock.pass(1_000)
  world.child.lives({ position: null, isReady: false })
  world.child.exits()
  await world.clock.pass(2_000)
  t.is(world.children.length, 3)
  t.like(world.child.told[0], { type: 'start', countedTo: 2 })
})

test('what went wrong last is told in one line', (t) => {
  const { supervisor, children } = new World()
  supervisor.start(async () => new Map())
  t.is(supervisor.lastError, null)
  const log = (level: 'info' | 'warn', what: string, detail: string) =>
    children[0]!.says({ type: 'log', level, what, detail })
  log('warn', 'clicks wait in their log', 'The disk is full\n    at append')
  log('info', 'nothing to see', '')
  t.is(supervisor.lastError, 'clicks wait in their log: The disk is full')
})

test('a process that dies again and again is started ever more rarely', async (t) => {
  const world = new World()
  world.supervisor.start(async () => new Map())
  for (let second = 0; second < 60; second++) {
    world.child.exits()
    await world.clock.pass(1_000)
  }
  t.true(world.children.length > 10 && world.children.length < 40)
})

test('a process that says nothing is ended and replaced', async (t) => {
  const world = new World()
  world.supervisor.start(async () => new Map())
  world.child.lives()
  const silent = world.child
  await world.clock.pass(59_000)
  t.false(silent.isKilled)
  await world.clock.pass(2_000)
  t.true(silent.isKilled)
  t.is(world.children.length, 2)
})

test('a question that is not answered in time is refused, and its late answer does no harm', async (t) => {
  const world = new World()
  world.supervisor.start(async () => new Map())
  world.child.lives()
  const asked = world.supervisor.status()
  const failed = t.throwsAsync(asked, refused)
  await world.clock.pass(3_000)
  await failed
  const { id } = world.child.call
  t.deepEqual(world.child.told.at(-1), { type: 'cancel', id })
  world.child.says({ type: 'value', id, value: null })
  t.true(world.supervisor.isReady)
})

test('the process is told when nobody waits for an answer any more', async (t) => {
  const { supervisor, children } = new World()
  supervisor.start(async () => new Map())
  const child = children[0]!
  child.lives()
  const gone = new AbortController()
  const asked = supervisor.ask(sampleQuestion(), gone.signal)
  const { id } = child.call
  const answered = supervisor.ask(sampleQuestion(), gone.signal)
  child.says({ type: 'value', id: child.call.id, value: null })
  await answered
  gone.abort()
  await t.throwsAsync(asked, refused)
  await t.throwsAsync(supervisor.ask(sampleQuestion(), gone.signal), refused)
  const told = child.told.filter(({ type }) => type !== 'start')
  t.deepEqual(
    told.map(({ type }) => type),
    ['call', 'call', 'cancel'],
  )
  t.deepEqual(told[2], { type: 'cancel', id })
})

test('a stop lets the process store what the log has, and starts no other one', async (t) => {
  const world = new World()
  world.supervisor.start(async () => new Map())
  world.child.lives()
  const closed = world.supervisor.close(5_000)
  t.is(world.child.told.at(-1)!.type, 'drain')
  await t.throwsAsync(world.supervisor.status(), refused)
  world.child.lives({ stored: 3, position: 1 })
  world.child.exits()
  await closed
  await world.clock.pass(60_000)
  t.is(world.children.length, 1)
  t.is(world.supervisor.numbers.stored, 3)
})

test('a stop ends a process that takes too long', async (t) => {
  const world = new World()
  world.supervisor.start(async () => new Map())
  const closed = world.supervisor.close(5_000)
  await world.clock.pass(6_000)
  await closed
  t.true(world.child.isKilled)
})
