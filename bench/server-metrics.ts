/** What a measurement needs to know from a server's `/metrics`. */
import { API_KEY, type ServerProcess } from './server-process.ts'

export interface ServerMetrics {
  readonly dirtyLinks: number
  readonly linksInMemory: number
  readonly linkMemoryBytes: number
  readonly partitionsOwned: number
  /** Those whose every link is in memory. */
  readonly partitionsComplete: number
}

export async function readMetrics(server: ServerProcess): Promise<ServerMetrics> {
  const response = await fetch(`${server.url}/metrics`, { headers: { 'x-api-key': API_KEY } })
  const text = await response.text()
  return {
    dirtyLinks: gauge(text, 'tinygrid_dirty_links'),
    linksInMemory: gauge(text, 'tinygrid_links_in_memory'),
    linkMemoryBytes: gauge(text, 'tinygrid_memory_bytes'),
    partitionsOwned: gauge(text, 'tinygrid_partitions_owned'),
    partitionsComplete: gauge(text, 'tinygrid_partitions_complete'),
  }
}

/** The value of a gauge without labels. */
export function gauge(text: string, name: string): number {
  const value = new RegExp(`^${name}(?:\\{\\})? (\\S+)`, 'm').exec(text)?.[1]
  if (value === undefined) throw new Error(`/metrics has no ${name}`)
  return Number(value)
}
