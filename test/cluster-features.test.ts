import type { NodeId } from '../links/ids.ts'
import { ClusterWorld } from './cluster-world.ts'
import { featuresEnv } from './features-env.ts'
import { isKnownEverywhere, startStaffProvider } from './features-sign-in.ts'
import { Features } from './features.ts'
import { serialTestWith } from './services/service-test.ts'
import { startChecker } from './url-checker.ts'

/*
 * A cluster with everything switched on, under the least of permissions: through a kill and a hand-over.
 */

const clusterTest = serialTestWith('nats', 'redis', 'mongo')

clusterTest(
  'what is told to one node holds on all, also once one is killed and one joins',
  async (t) => {
    t.timeout(400_000)
    const env = { ...featuresEnv(await startChecker(t)), ...(await startStaffProvider(t)) }
    const world = await ClusterWorld.start(t, { nodes: 3, env })
    const features = new Features(t, () => world.nodes.map(({ program }) => program))
    await features.use()
    await isKnownEverywhere(t, features, world.nodes.length)
    await features.visitsAreTold()

    // n1 may be the one that has the visits: another one has them then.
    await world.kill(world.nodeOf('n1' as NodeId)!)
    await features.use()
    await world.addNode()
    await features.use()
    await world.settled()
    await features.use()

    await features.visitsAreTold()
    t.deepEqual(await features.isAudited(), ['n1', 'n2', 'n3', 'n4'])
    await Promise.all(world.nodes.map((_, index) => features.isFollowed(index)))
  },
)
