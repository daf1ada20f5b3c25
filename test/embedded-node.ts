/**
 * A whole embedded node in this process, over a data directory: what `npm start` runs, without a process.
 *
 * For tests that stop it, look into its directory and start it again.
 */
import type { ExecutionContext } from 'ava'
import pino from 'pino'
import { readConfig } from '../config.ts'
import type { EpochMs } from '../links/ids.ts'
import { systemLongWork } from '../links/long-work.ts'
import { openEmbedded } from '../node/embedded-adapters.ts'
import { startTinygrid, type Tinygrid } from '../node/tinygrid.ts'
import { API_KEY } from './program.ts'

/** It is closed, and its directory let go of, when the test is over or `close` is called. */
export async function startEmbedded(
  t: Pick<ExecutionContext, 'teardown'>,
  dataDir: string,
  now?: () => EpochMs,
  env: Readonly<Record<string, string>> = {},
): Promise<Tinygrid> {
  const config = readConfig({
    PORT: '0',
    TINYGRID_DATA_DIR: dataDir,
    TINYGRID_API_KEY: API_KEY,
    TINYGRID_CLICKS: 'false',
    ...env,
  })
  const logger = pino({ level: 'silent' })
  const work = systemLongWork()
  const parts = await openEmbedded(config, work, () => {})
  const clock = now === undefined ? {} : { now }
  const options = { config, logger, work, analytics: undefined, ...parts, ...clock }
  const node = await startTinygrid(options)
  let closing: Promise<void> | undefined
  const close = () => (closing ??= node.close().then(() => parts.close()))
  t.teardown(close)
  return { ...node, close }
}
