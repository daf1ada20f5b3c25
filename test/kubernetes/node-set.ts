/**
 * A StatefulSet of nodes as Kubernetes runs it, with processes for pods: started in order, probed, taken out of the
 * endpoints, told to end.
 *
 * Used by the test of rolling updates and of scaling. Probes, `preStop`, grace period and what else counts are the
 * manifest's; what no manifest says, how late the proxies hear that a pod is to end, is REMOVAL_MS.
 * A pod gets requests from its first good readiness probe on, and no more once proxies have heard that it
 * ends, or that it failed its readiness probe as often as the manifest says.
 */
import type { ClusterNode, ClusterWorld } from '../cluster-world.ts'
import { pause, until } from '../deadline.ts'
import { nodeContainerOf, type Container, type Probe } from './rendered-manifests.ts'
import type { StatefulSetSpec } from './rendered-manifests.ts'

/** As late as proxies hear of it where there are many: `preStop` waits longer. */
const REMOVAL_MS = 2_000
const READY_MS_MAX = 60_000

interface Pod {
  readonly node: ClusterNode
  isEnding: boolean
}

export class NodeSet {
  readonly #world: ClusterWorld
  readonly #spec: StatefulSetSpec
  readonly #container: Container
  /** By ordinal. */
  readonly #pods: Pod[] = []
  readonly #probing = new Set<Promise<void>>()
  /** What Kubernetes would have had to do by force. */
  readonly faults: string[] = []

  /** @param world its nodes are the first pods */
  constructor(world: ClusterWorld, spec: StatefulSetSpec) {
    this.#world = world
    this.#spec = spec
    this.#container = nodeContainerOf(spec)
    for (const node of world.nodes) this.#pods.push(this.#watched(node))
  }

  /** Up in the order of ordinals, each when the one before it is ready; down from the last. */
  async scale(replicas: number): Promise<void> {
    while (this.#pods.length < replicas) this.#pods.push(await this.#start())
    while (this.#pods.length > replicas) await this.#end(this.#pods.pop()!)
  }

  /** A rolling update: each pod is replaced, the last one first, and has to be available for a while. */
  async update(): Promise<void> {
    for (const ordinal of [...this.#pods.keys()].toReversed()) {
      await this.#end(this.#pods[ordinal]!)
      this.#pods[ordinal] = await this.#start()
      await pause((this.#spec.minReadySeconds ?? 0) * 1000)
    }
  }

  /** Probes nobody any more. */
  async close(): Promise<void> {
    for (const pod of this.#pods) pod.isEnding = true
    await Promise.all(this.#probing)
  }

  async #start(): Promise<Pod> {
    const { startupProbe } = this.#container
    const node = await this.#world.addNode(false)
    await until('the startup probe', READY_MS_MAX, () => answers(node, startupProbe!))
    const pod = this.#watched(node)
    await until(`${node.id} is ready`, READY_MS_MAX, () => node.takesRequests)
    return pod
  }

  #watched(node: ClusterNode): Pod {
    const pod = { node, isEnding: false }
    const { readinessProbe, livenessProbe } = this.#container
    this.#repeat(pod, readinessProbe!, (isReady) => {
      if (isReady) node.takesRequests = true
      else void this.#remove(node)
    })
    this.#repeat(pod, livenessProbe!, (isLive) => {
      if (!isLive) this.faults.push(`${node.id} would have been restarted`)
    })
    return pod
  }

  /** Tells of a success at once, of failures when there were as many as the probe says. */
  #repeat(pod: Pod, probe: Probe, tell: (isRight: boolean) => void): void {
    const run = async () => {
      for (let failures = 0; !pod.isEnding;) {
        const isRight = await answers(pod.node, probe)
        if (pod.isEnding) return
        failures = isRight ? 0 : failures + 1
        if (isRight || failures === (probe.failureThreshold ?? 3)) tell(isRight)
        await rest((probe.periodSeconds ?? 10) * 1000, () => pod.isEnding)
      }
    }
    const running = run().finally(() => this.#probing.delete(running))
    this.#probing.add(running)
  }

  async #remove(node: ClusterNode): Promise<void> {
    await pause(REMOVAL_MS)
    node.takesRequests = false
  }

  async #end(pod: Pod): Promise<void> {
    const { node } = pod
    const { terminationGracePeriodSeconds: graceSeconds = 30 } = this.#spec.template.spec
    const waitSeconds = this.#container.lifecycle?.preStop?.sleep?.seconds ?? 0
    pod.isEnding = true
    const removed = this.#remove(node)
    await pause(waitSeconds * 1000)
    const code = await this.#world.terminate(node, (graceSeconds - waitSeconds) * 1000)
    if (code !== 0) this.faults.push(`${node.id} ended with ${code}:\n${node.program.output}`)
    await removed
  }
}

async function answers({ program }: ClusterNode, probe: Probe): Promise<boolean> {
  const signal = AbortSignal.timeout((probe.timeoutSeconds ?? 1) * 1000)
  try {
    const response = await fetch(`${program.url}${probe.httpGet!.path}`, { signal })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** Until the time is over, or nobody waits for it any more. */
async function rest(ms: number, isOver: () => boolean): Promise<void> {
  const end = performance.now() + ms
  await until('the next probe', ms + READY_MS_MAX, () => isOver() || performance.now() >= end)
}
