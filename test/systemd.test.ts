/** The unit of systemd: that systemd takes it, how much it keeps from the program, what it gives it. */
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { readConfig } from '../config.ts'
import { temporaryDirectory } from './program.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const DIRECTORY = path.join(ROOT, 'deploy/systemd')
const UNIT = path.join(DIRECTORY, 'tinygrid.service')
/** Where the unit has the program. */
const PLACE = '/opt/tinygrid'
/** `security --offline` came with it. */
const OLDEST_SYSTEMD = 250
/** Worst that the unit may have, in tenths, of `systemd-analyze security`: 0 is best, 100 worst. */
const EXPOSURE_MAX = 15
/** What node/program.ts takes over its settings before it gives up a stop. */
const STOP_GRACE_S = 5

const run = promisify(execFile)
const isHere = systemdVersion() >= OLDEST_SYSTEMD
if (!isHere) {
  process.emitWarning(`There is no systemd-analyze ${OLDEST_SYSTEMD}: the unit is NOT tested.`)
}
const systemdTest = isHere ? test : test.skip

systemdTest('systemd finds nothing wrong with the unit', async (t) => {
  const unit = readFileSync(UNIT, 'utf8')
  const whole = await verify(t, unit)
  t.deepEqual(whole, { code: 0, said: '' })
  const misspelt = await verify(t, unit.replace('NoNewPrivileges', 'NoNewPrivilege'))
  t.is(misspelt.code, 1)
  t.regex(misspelt.said, /Unknown key/)
})

systemdTest('the unit keeps from the program what it does not need', async (t) => {
  const { code, said } = await analyze('security', [`--threshold=${EXPOSURE_MAX}`, UNIT])
  t.is(code, 0, said)
  const bare = path.join(temporaryDirectory(t), 'bare.service')
  writeFileSync(bare, '[Service]\nExecStart=/bin/true\n')
  t.is((await analyze('security', [`--threshold=${EXPOSURE_MAX}`, bare])).code, 1)
})

test('a stop has more time than the program takes for it', (t) => {
  const { stopDelayMs, stopTimeoutMs } = readConfig(settings(/^(\w+)=(.*)$/gm))
  const [, seconds] = /^TimeoutStopSec=(\d+)s$/m.exec(readFileSync(UNIT, 'utf8')) ?? []
  t.true(Number(seconds) > (stopDelayMs + stopTimeoutMs) / 1000 + STOP_GRACE_S)
})

test('what the file of settings has switched off can be switched on', (t) => {
  const key = { TINYGRID_API_KEY: 'a-key-for-tests-0123456789' }
  const { natsUrl, mongoUrl, host } = readConfig({ ...settings(/^#?([A-Z_]+)=(.*)$/gm), ...key })
  t.deepEqual([natsUrl, mongoUrl, host], ['nats://nats:4222', 'mongodb://mongo:27017', '0.0.0.0'])
})

function settings(line: RegExp): Record<string, string> {
  const text = readFileSync(path.join(DIRECTORY, 'tinygrid.env'), 'utf8')
  return Object.fromEntries(Array.from(text.matchAll(line), ([, name, value]) => [name!, value!]))
}

/** With the program where it is here: systemd looks whether there is something to execute. */
async function verify(t: Parameters<typeof temporaryDirectory>[0], unit: string) {
  const copy = path.join(temporaryDirectory(t), 'tinygrid.service')
  const here = unit
    .replace(`${PLACE}/node_modules/.bin/node`, process.execPath)
    .replaceAll(`=${PLACE}`, `=${ROOT}`)
  writeFileSync(copy, here)
  const { code, said } = await analyze('verify', ['--recursive-errors=no', copy])
  // It may have something to say of this machine's own units, too.
  const lines = said.split('\n').filter((line) => line.includes('tinygrid'))
  return { code, said: lines.join('\n') }
}

async function analyze(command: string, args: readonly string[]) {
  const offline = command === 'security' ? ['--offline=true'] : []
  const env = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' }
  const ran = run('systemd-analyze', [command, '--no-pager', ...offline, ...args], { env })
  return ran.then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => {
      return { code: error.code, said: error.stdout + error.stderr }
    },
  )
}

/** 0: there is none. */
function systemdVersion(): number {
  try {
    const told = execFileSync('systemd-analyze', ['--version'], { encoding: 'utf8', stdio: 'pipe' })
    return Number(/systemd (\d+)/.exec(told)?.[1] ?? 0)
  } catch {
    return 0
  }
}
