/**
 * A data directory with the links that are visited, made once per run through the bulk interface.
 *
 * Scenarios take copies, so that none meets what another left and several servers can run side by
 * side. The codes lie beside it, in the order of the links' numbers.
 */
import { existsSync } from 'node:fs'
import { constants, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLinks } from './link-creation.ts'
import { startTinygrid } from './server-process.ts'
import { untilFlushed } from './server-metrics.ts'

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
    const codes = await createLinks([server], links)
    const linksPerSecond = (links * 1000) / (performance.now() - startedAt)
    await untilFlushed(server)
    await server.stop()
    await writeFile(codesFile, codes.join('\n'))
    return { codes, linksPerSecond, copyTo }
  } finally {
    await server.stop()
  }
}
