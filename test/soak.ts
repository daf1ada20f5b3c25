/**
 * `npm run soak`: faults against a real cluster amid requests, for as many rounds as asked for.
 *
 * `--rounds N` (40), `--seed N`, `--nodes N` (3), `--fault "a node is killed"` (each in turn). Prints
 * a line per round and ends with what was wrong; the exit code says whether anything was.
 */
import { parseArgs } from 'node:util'
import { Random } from '../simulation/random.ts'
import { FAULTS, repeatFault, type FaultName } from './cluster-faults.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '3' },
    fault: { type: 'string' },
  },
})
const faults = values.fault === undefined ? Object.keys(FAULTS) : [values.fault]
const seed = Number(values.seed)
const random = new Random(seed)
const closers: (() => unknown)[] = []
const surroundings = {
  passed: false,
  teardown: (close: () => unknown) => void closers.unshift(close),
  log: (...what: unknown[]) => console.log(...what),
}

try {
  const wrong = await soak()
  surroundings.passed = true
  for (const line of wrong) console.log(line)
  console.log(wrong.length === 0 ? 'nothing was wrong' : `${wrong.length} were wrong`)
  process.exitCode = wrong.length === 0 ? 0 : 1
} finally {
  for (const close of closers) await close()
}

async function soak(): Promise<readonly string[]> {
  const scenario = await startScenario(surroundings, { nodes: Number(values.nodes), seed })
  const { clients, history } = scenario
  for (let round = 1; round <= Number(values.rounds); round++) {
    const fault = random.pick(faults) as FaultName
    const began = performance.now()
    const [writableMs] = await repeatFault(fault, 1, scenario)
    const roundMs = Math.round(performance.now() - began)
    const wrong = history.wrong.length
    console.log(round, fault, JSON.stringify({ writableMs, roundMs, wrong, ...clients.counts }))
  }
  return endScenario(surroundings, scenario)
}
