import test from 'ava'
import { neverRead } from './attack/floods.ts'
import { routeRequests } from './attack/routes.ts'
import { Victim } from './attack/victim.ts'
import { temporaryDirectory } from './program.ts'

/** Far from what was seen without bounds: gigabytes, and no answer for twenty seconds. */
const GROWN_BYTES_MAX = 512 * 1024 * 1024
const WAIT_MS_MAX = 15_000
const FLOOD = { connections: 60, ms: 1_500 }

test('whatever route clients flood, and read nothing, others are served and memory is bounded', async (t) => {
  t.timeout(300_000)
  const victim = await Victim.start(temporaryDirectory(t))
  t.teardown(async () => void (await victim.program.stop()))
  const routes = await routeRequests(victim)
  t.true(routes.length > 15, 'the routes come from the OpenAPI document')
  for (const { name, text } of routes) {
    const seen = await victim.under(() => neverRead(victim, text, FLOOD))
    t.deepEqual(seen.wrong, [], name)
    t.true(seen.answers > 0, name)
    t.true(
      seen.grownBytes < GROWN_BYTES_MAX,
      `${name}: ${Math.round(seen.grownBytes / 2 ** 20)} MB`,
    )
    t.true(seen.maxMs < WAIT_MS_MAX, `${name}: ${Math.round(seen.maxMs)} ms`)
  }
})
