import test from 'ava'
import { KillHistory } from './kill-history.ts'
import { Program, temporaryDirectory } from './program.ts'

const ROUNDS = 30
const WRITERS = 12
/** As few would show little: on a slow machine it takes more rounds. */
const ACKNOWLEDGED_MIN = ROUNDS * 20
/** Links, beside those of the last round. */
const CHECKED_IN_THE_END = 1_000

test(`nothing acknowledged is lost in ${ROUNDS} and more rounds of SIGKILL amid writes`, async (t) => {
  t.timeout(300_000)
  const dataDir = temporaryDirectory(t)
  const history = new KillHistory(20261122)
  for (let round = 1; round <= ROUNDS || history.acknowledged <= ACKNOWLEDGED_MIN; round++) {
    const program = await Program.start({ dataDir })
    try {
      await history.check(program)
      const end = new AbortController()
      const writers = Array.from({ length: WRITERS }, () => history.write(program, end.signal))
      await new Promise((resolve) => setTimeout(resolve, history.random(20, 400)))
      const killed = program.kill()
      end.abort()
      await Promise.all([...writers, killed])
    } finally {
      await program.kill()
    }
  }
  const program = await Program.start({ dataDir })
  await history.check(program, CHECKED_IN_THE_END)
  t.is(await program.stop(), 0)
  t.log(`${history.acknowledged} writes were acknowledged, ${history.unknown} left open`)
  t.true(history.acknowledged > ACKNOWLEDGED_MIN)
})
