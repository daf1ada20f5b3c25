/**
 * `npm run attack`: what clients can do to one node, tried against the real program on this machine.
 *
 * Starts a node of its own on a free port, and one with HTTPS, attacks them in every way there is here, one after
 * the other, and prints a line for each: how a bystander's redirects and health fared meanwhile, and how
 * much the process grew. Ends by itself within some minutes; the exit code is 0 if all was well.
 * `--only WORD` runs those whose name has the word.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import {
  ask,
  crowd,
  halfClosed,
  junk,
  neverRead,
  openOnly,
  readSlowly,
  writeSlowly,
} from './floods.ts'
import { floodHttp2, HTTP2_FLOODS } from './http2-floods.ts'
import { routeRequests } from './routes.ts'
import { Victim, type Sighting } from './victim.ts'

/** A node that grows by more, or lets a bystander wait for longer, has lost. */
const GROWN_BYTES_MAX = 768 * 1024 * 1024
const WAIT_MS_MAX = 10_000
/** What the node is told to take, and what of it is left for the bystander. */
const CONNECTIONS_MAX = 3_000
const SPARE = 50

const { values } = parseArgs({ options: { only: { type: 'string' } } })
type Attack = readonly [name: string, attack: () => Promise<unknown>]
let lost = 0
await withstand(
  (directory) => Victim.start(directory, { TINYGRID_CONNECTIONS_MAX: String(CONNECTIONS_MAX) }),
  attacks,
)
await withstand((directory) => Victim.startSecure(directory), http2Attacks)
console.log(lost === 0 ? 'The node withstood all of it.' : `The node lost ${lost} times.`)
process.exitCode = lost === 0 ? 0 : 1

async function withstand(
  start: (directory: string) => Promise<Victim>,
  attacksOn: (victim: Victim) => Promise<readonly Attack[]> | readonly Attack[],
): Promise<void> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-attack-'))
  const victim = await start(directory)
  try {
    for (const [name, attack] of await attacksOn(victim)) {
      if (values.only !== undefined && !name.includes(values.only)) continue
      report(name, await victim.under(attack))
      if (victim.isGone) break
    }
    if (victim.isGone) console.log(`The process has ended:\n${victim.program.output.slice(-4_000)}`)
  } finally {
    await victim.program.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

function http2Attacks(victim: Victim): readonly Attack[] {
  const open = () => victim.http2Client()
  const options = { connections: 100, ms: 5_000, key: victim.key, open }
  return HTTP2_FLOODS.map((flood) => [`HTTP/2: ${flood.name}`, () => floodHttp2(flood, options)])
}

async function attacks(victim: Victim): Promise<Attack[]> {
  const routes = await routeRequests(victim)
  const redirect = 'GET /stander HTTP/1.1\r\nHost: a\r\n\r\n'
  const { program } = victim
  const bulk = {
    links: Array.from({ length: 1_000 }, (_, n) => ({ url: `https://e.example/${n}` })),
  }
  const longWork = [
    () => program.api('/api/links?search=nothing-has-this'),
    () => program.api('/api/links/bulk', { method: 'POST', json: bulk }),
    () => program.api('/api/links?limit=1000'),
  ]
  return [
    ...routes.map(({ name, text }): Attack => [
      `never read: ${name}`,
      () => neverRead(victim, text, { connections: 60, ms: 2_500 }),
    ]),
    ['never read: redirects', () => neverRead(victim, redirect, { connections: 500, ms: 5_000 })],
    ['read slowly: redirects', () => readSlowly(victim, redirect, { connections: 500, ms: 5_000 })],
    ['write slowly', () => writeSlowly(victim, { connections: 1_000, ms: 12_000 })],
    ['open and leave', () => openOnly(victim, { connections: 2_000, ms: 3_000 })],
    ['half closed', () => halfClosed(victim, { connections: 60, ms: 5_000 })],
    [
      'every connection taken',
      () => crowd(victim, { connections: CONNECTIONS_MAX - SPARE, ms: 3_000 }),
    ],
    ['junk', () => junk(victim, { connections: 60, ms: 5_000 })],
    ['searches and bulks', () => ask(longWork, { connections: 200, ms: 10_000 })],
  ]
}

function report(name: string, seen: Sighting): void {
  const { wrong, medianMs, maxMs, grownBytes } = seen
  const isWell = wrong.length === 0 && grownBytes <= GROWN_BYTES_MAX && maxMs <= WAIT_MS_MAX
  if (!isWell) lost++
  const grown = Math.round(grownBytes / 2 ** 20)
  const waits = `median ${medianMs.toFixed(0)} ms, longest ${maxMs.toFixed(0)} ms`
  const faults = wrong.length === 0 ? '' : `; wrong: ${[...new Set(wrong)].join(', ')}`
  console.log(`${isWell ? 'ok  ' : 'LOST'} ${name}: ${waits}, grew ${grown} MB${faults}`)
}
