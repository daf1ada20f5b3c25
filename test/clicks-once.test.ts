import test, { type ExecutionContext } from 'ava'
import { commit, numbersOf, type ClickFault } from './click-faults.ts'
import { ClickHistory, holesIn, loggedVisits, nameOf, storedVisits } from './click-history.ts'
import { pause, until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'

/*
 * Each click once, whoever is killed or frozen: what clients were answered, what the log has, and what the
 * store has.
 */

const CLIENTS = 6
const PATIENCE_MS = 60_000
const CODE = 'abc'

/** What happens in each round, while clients visit; each round ends with a kill of the node. */
const ROUNDS: readonly (readonly ClickFault[])[] = [
  ['kill analytics', 'freeze node'],
  ['freeze analytics'],
  ['freeze node', 'kill analytics', 'kill analytics'],
]

test('the store has what the log has, and both what clients were answered, whoever dies', async (t) => {
  t.timeout(300_000)
  const dataDir = temporaryDirectory(t)
  const history = new ClickHistory()
  for (const faults of ROUNDS) {
    const program = await start(t, dataDir)
    await program.create({ url: 'https://example.com/', code: CODE })
    const end = new AbortController()
    const clients = visiting(history, program, end.signal)
    for (const fault of faults) {
      await pause(300)
      await commit(fault, program)
    }
    await pause(300)
    await program.kill()
    end.abort()
    await clients
  }
  const killed = history.answered.splice(0)
  const added = await lastRound(t, dataDir, history)

  const logged = await loggedVisits(dataDir)
  t.deepEqual(await storedVisits(dataDir), logged)
  const names = logged.map(nameOf)
  const inLog = new Set(names)
  t.is(inLog.size, names.length, 'a visit counts twice')
  t.true(names.every((name) => history.begun.has(name)))
  for (const visits of killed) t.is(holesIn(visits, inLog), 0, 'a click is lost before a later one')
  const kept = history.answered.flat()
  t.deepEqual(
    kept.filter((name) => !inLog.has(name)),
    [],
  )
  t.is(added, kept.length)
  const lost = killed.flat().filter((name) => !inLog.has(name)).length
  t.log(
    `${killed.flat().length} answered by killed nodes, ${lost} of them lost, ${kept.length} after`,
  )
})

/** Ended by a stop, so nothing may be missing. Gives how many clicks its node counted. */
async function lastRound(t: ExecutionContext, dataDir: string, history: ClickHistory) {
  const program = await start(t, dataDir)
  await until('what lay in the log is stored', PATIENCE_MS, async () => {
    const { analytics_ready: isReady, clicks_lag_batches: lag } = await numbersOf(program)
    return isReady === 1 && lag === 0
  })
  const { clicks_stored_total: before } = await numbersOf(program)
  const end = new AbortController()
  const clients = visiting(history, program, end.signal)
  await pause(1_000)
  end.abort()
  await clients
  let numbers: Record<string, number> = {}
  await until('accepted, logged and stored add up', PATIENCE_MS, async () => {
    numbers = await numbersOf(program)
    const { clicks_accepted_total: accepted, clicks_logged_total: logged } = numbers
    return accepted === logged && accepted === numbers['clicks_stored_total']! - before!
  })
  t.is(numbers['clicks_waiting'], 0)
  t.is(numbers['clicks_lost_total'], 0)
  // These lie in the ring when the stop begins.
  const last = new AbortController()
  const lastClients = visiting(history, program, last.signal)
  await pause(200)
  last.abort()
  await lastClients
  const { clicks_accepted_total: accepted } = await numbersOf(program)
  t.is(await program.stop(), 0, program.output)
  return accepted
}

async function start(t: ExecutionContext, dataDir: string): Promise<Program> {
  const env = { TINYGRID_ROLES: 'gateway,actors,analytics' }
  const program = await Program.start({ dataDir, env })
  t.teardown(() => program.kill())
  return program
}

async function visiting(history: ClickHistory, program: Program, end: AbortSignal): Promise<void> {
  await Promise.all(Array.from({ length: CLIENTS }, () => history.visit(program, CODE, end)))
}
