/**
 * How long it takes after a fault until every partition of a cluster can be written to.
 */
import type { Code } from '../links/ids.ts'
import type { ClusterHistory, Version } from './cluster-history.ts'
import type { ClusterWorld } from './cluster-world.ts'

const WRITABLE_MS_MAX = 60_000

/**
 * Creates one link in each partition, those that are refused again with other codes.
 *
 * @returns after how many milliseconds the last of them was acknowledged
 */
export async function untilWritable(world: ClusterWorld, history: ClusterHistory): Promise<number> {
  const began = performance.now()
  let missing = new Set(world.ring.all())
  while (missing.size > 0) {
    if (performance.now() - began > WRITABLE_MS_MAX) {
      const first = [...missing].slice(0, 5)
      throw new Error(
        `${missing.size} partitions cannot be written to (${first.join()}, ...); ` +
          (await world.view.summary()),
      )
    }
    const codes = world.newCodes().filter((code) => missing.has(world.ring.partitionOf(code)))
    const refused = await createAll(world, history, codes)
    missing = new Set(refused.map((code) => world.ring.partitionOf(code)))
  }
  return performance.now() - began
}

async function createAll(
  world: ClusterWorld,
  history: ClusterHistory,
  codes: readonly Code[],
): Promise<Code[]> {
  const links = codes.map((code) => ({ url: `https://example.org/probe/${code}`, code }))
  const versions = links.map(({ url, code }): Version => {
    history.add(code)
    return history.begin(code, { url, title: null, isDeleted: false })
  })
  const { program } = world.pick()
  const response = await program.api('/api/links/bulk', { method: 'POST', json: { links } })
  if (response.status === 503) {
    for (const code of codes) history.abandon(code)
    return [...codes]
  }
  if (!response.ok) throw new Error(`a bulk creation was answered with ${response.status}`)
  const { results } = (await response.json()) as { results: { status: number }[] }
  return codes.filter((code, index) => {
    const { status } = results[index]!
    if (status === 201) history.acknowledge(code, versions[index]!)
    else history.abandon(code)
    if (status !== 201 && status !== 503) history.wrong.push(`${status} for creating ${code}`)
    return status !== 201
  })
}
