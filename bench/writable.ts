/**
 * Until every partition takes writes: a client asks one node for a new link in each, and asks again
 * for what was refused. What it waits for the last of them is what counts.
 */
import type { Code, PartitionId } from '../links/ids.ts'
import { Ring } from '../links/ring.ts'
import { newUrl } from './link-set.ts'
import { API_KEY, type ServerProcess } from './server-process.ts'

const WRITABLE_TIMEOUT_MS = 30_000
const PARTITIONS = 256

/** One free code for each partition, new at each call. */
export class ProbeCodes {
  readonly #ring = new Ring(PARTITIONS)
  #next = 0

  of(partitions: ReadonlyMap<PartitionId, unknown>): Map<PartitionId, Code> {
    const codes = new Map<PartitionId, Code>()
    while (codes.size < partitions.size) {
      const code = `p${(this.#next++).toString(36)}` as Code
      const partition = this.#ring.partitionOf(code)
      if (partitions.has(partition) && !codes.has(partition)) codes.set(partition, code)
    }
    return codes
  }

  all(): readonly PartitionId[] {
    return this.#ring.all()
  }
}

/** Returns after how many milliseconds the last partition had acknowledged a write. */
export async function untilWritable(server: ServerProcess, codes: ProbeCodes): Promise<number> {
  const startedAt = performance.now()
  let missing = new Map(codes.all().map((partition) => [partition, 'not asked']))
  while (missing.size > 0) {
    if (performance.now() - startedAt > WRITABLE_TIMEOUT_MS) {
      throw new Error(
        `${missing.size} partitions do not become writable (${[...new Set(missing.values())].join()})`,
      )
    }
    missing = await unwritten(server, codes.of(missing))
  }
  return performance.now() - startedAt
}

/** Why which partitions did not take their link. */
async function unwritten(
  server: ServerProcess,
  codes: ReadonlyMap<PartitionId, Code>,
): Promise<Map<PartitionId, string>> {
  const links = [...codes.values()].map((code) => ({ code, url: newUrl('kill', code.length) }))
  const response = await fetch(`${server.url}/api/links/bulk`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': API_KEY },
    body: JSON.stringify({ links }),
  })
  if (response.status !== 200) throw new Error(`a bulk was answered with ${response.status}`)
  const { results } = (await response.json()) as {
    results: { status: number; error?: { code: string } }[]
  }
  const answered = [...codes.keys()].map(
    (partition, index) => [partition, results[index]!] as const,
  )
  const failed = answered.filter(([, { status }]) => status !== 201)
  return new Map(
    failed.map(([partition, { status, error }]) => [partition, error?.code ?? `${status}`]),
  )
}
