/**
 * A data directory with the links that are visited, made once per run through the bulk interface.
 *
 * Scenarios take copies, so that none meets what another left and several servers can run side by
 * side. The codes lie beside it, in the order of the links' numbers.
 */
import { existsSync } from 'node:fs'
import { constants, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { urlOfLink } from './link-set.ts'
import { API_KEY, startTinygrid, type ServerProcess } from './server-process.ts'
import { untilFlushed } from './server-metrics.ts'

const BULK_ITEMS = 1000
const REQUESTS_IN_FLIGHT = 4

export interface LoadedData {
  /** The code of each link, by its number. */
  readonly codes: readonly string[]
  /** Links per second while loading. */
  readonly linksPerSecond: number | undefined
  copyTo(folder: string): Promise<void>
}

/** @param folder used again if an earlier run has filled it with as many links */
export async function loadData(folder: string, links: number): Promise<LoadedData> {
  const dataDir = join(folder, `${links}-links`)
  const codesFile = `${dataDir}.codes`
  const copyTo = (target: string) =>
    cp(dataDir, target, { recursive: true, mode: constants.COPYFILE_FICLONE })
  if (existsSync(codesFile)) {
    const codes = (await readFile(codesFile, 'utf8')).split('\n')
    return { codes, linksPerSecond: undefined, copyTo }
  }
  await rm(dataDir, { recursive: true, force: true })
  await mkdir(dataDir, { recursive: true })
  const server = await startTinygrid({ dataDir })
  try {
    const startedAt = performance.now()
    const codes = await createAll(server, links)
    const linksPerSecond = (links * 1000) / (performance.now() - startedAt)
    await untilFlushed(server)
    await server.stop()
    await writeFile(codesFile, codes.join('\n'))
    return { codes, linksPerSecond, copyTo }
  } finally {
    await server.stop()
  }
}

async function createAll(server: ServerProcess, links: number): Promise<string[]> {
  const codes: string[] = Array.from({ length: links })
  let next = 0
  const worker = async () => {
    while (next < links) {
      const from = next
      next = Math.min(links, next + BULK_ITEMS)
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
