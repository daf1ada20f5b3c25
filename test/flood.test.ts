import test from 'ava'
import { neverRead } from './attack/floods.ts'
import { routeRequests } from './attack/routes.ts'
import { Victim } from './attack/victim.ts'
import { temporaryDirectory } from './program.ts'

/** Far from what was seen without bounds: gigabytes, and no answer for twenty seconds. */
const GROWN_BYTES_MAX = 512 * 1024 * 1024
const WAIT_MS_MAX = 15_000
const CONNECTIONS = 60
const FLOOD_MS = 500
/** Each a way of its own through the node: these are flooded for longer. */
const KINDS = [
  'GET /openapi.json',
  'GET /nonesuch',
  'GET /',
  'GET /api/links',
  'POST /api/links/bulk',
]
const KIND_MS = 1_500

test('whatever route clients flood, and read nothing, others are served and memory is bounded', async (t) => {
  t.timeout(300_000)
  const victim = await Victim.start(temporaryDirectory(t))
  t.teardown(async () => void (await victim.program.stop()))
  const routes = await routeRequests(victim)
  t.true(routes.length > 15, 'the routes come from the OpenAPI document')
  t.is(routes.filter(({ name }) => KINDS.includes(name)).length, KINDS.length)
  for (const { name, text } of routes) {
    const ms = KINDS.includes(name) ? KIND_MS : FLOOD_MS
    const flood = { connections: CONNECTIONS, ms }
    const seen = await victim.under(() => neverRead(victim, text, flood))
    t.deepEqual(seen.wrong, [], name)
    t.true(seen.answers > 0, name)
    t.true(
      seen.grownBytes < GROWN_BYTES_MAX,
      `${name}: ${Math.round(seen.grownBytes / 2 ** 20)} MB`,
    )
    t.true(seen.maxMs < WAIT_MS_MAX, `${name}: ${Math.round(seen.maxMs)} ms`)
  }
})
