/**
 * Creates the links that are visited, by bulk, and keeps the code of each.
 *
 * Asks again for what a server was too busy to take; anything else that goes wrong ends it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { urlOfLink } from './link-set.ts'
import { API_KEY, type ServerProcess } from './server-process.ts'

const BULK_ITEMS = 1000
const REQUESTS_IN_FLIGHT = 4

/** @param servers asked by turns */
export async function createLinks(
  servers: readonly ServerProcess[],
  links: number,
): Promise<string[]> {
  const codes: string[] = Array.from({ length: links })
  let next = 0
  const worker = async () => {
    while (next < links) {
      const from = next
      next = Math.min(links, next + BULK_ITEMS)
      const server = servers[(from / BULK_ITEMS) % servers.length]!
      await createRange(server, from, next, codes)
    }
  }
  await Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT }, worker))
  return codes
}

/** Creates links `from` to below `to`; asks again for those that the server was too busy for. */
async function createRange(server: ServerProcess, from: number, to: number, codes: string[]) {
  let wanted = Array.from({ length: to - from }, (_, i) => from + i)
  while (wanted.length > 0) {
    const response = await fetch(`${server.url}/api/links/bulk`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': API_KEY },
      body: JSON.stringify({ links: wanted.map((index) => ({ url: urlOfLink(index) })) }),
    })
    if (response.status === 200) wanted = keepCodes(wanted, await response.json(), codes)
    else if (response.status !== 503) throw new Error(`loading: ${await response.text()}`)
    if (wanted.length > 0) await sleep(100)
  }
}

/** The links that have to be asked for again. */
function keepCodes(wanted: readonly number[], reply: unknown, codes: string[]): number[] {
  const { results } = reply as { results: { status: number; link?: { code: string } }[] }
  return wanted.filter((index, at) => {
    const { status, link } = results[at]!
    if (link !== undefined) codes[index] = link.code
    else if (status !== 503) throw new Error(`loading: ${JSON.stringify(results[at])}`)
    return link === undefined
  })
}
