import test from 'ava'
import { featuresEnv } from './features-env.ts'
import { isKnownEverywhere, startStaffProvider } from './features-sign-in.ts'
import { Features } from './features.ts'
import { Program, temporaryDirectory } from './program.ts'
import { startChecker } from './url-checker.ts'

/*
 * A process alone with everything switched on: through a kill.
 */

test('everything can be used at once, and is there again after a kill', async (t) => {
  t.timeout(200_000)
  const env = { ...featuresEnv(await startChecker(t)), ...(await startStaffProvider(t)) }
  const options = { dataDir: temporaryDirectory(t), env }
  let program = await Program.start(options)
  t.teardown(() => program.kill())
  const features = new Features(t, () => [program])
  await features.use()
  await isKnownEverywhere(t, features, 1)
  await features.visitsAreTold()
  await program.kill()
  program = await Program.start(options)
  await features.use()
  await features.visitsAreTold()
  await features.isAudited()
  await features.isFollowed(0)
})
