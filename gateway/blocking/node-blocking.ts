/**
 * What a node knows of where links must not lead: the list that redirects ask, the two that fill it, and who is
 * asked about new targets.
 *
 * Opened before the gateway, which takes the whole; closed after it. Each node reads the file that its own settings
 * name: it is the operator's to have the same on all of them.
 */
import { NO_TEXT } from '../../cluster/kept/no-text.ts'
import type { KeptText } from '../../cluster/kept/kept-text.ts'
import { BlockedHosts } from '../../links/blocked-hosts.ts'
import { systemClock } from '../../links/clock.ts'
import type { HostBlocking } from './blocked-host-routes.ts'
import { HostFile } from './host-file.ts'
import { KeptHosts } from './kept-hosts.ts'
import type { UrlCheck } from './url-check.ts'

export interface NodeBlocking extends HostBlocking {
  /** undefined: the settings name none. */
  readonly file: HostFile | undefined
  /** undefined: nobody is asked. */
  readonly check: UrlCheck | undefined
  close(): Promise<void>
}

export interface BlockingOptions {
  /** Where the file is; undefined: there is none. */
  readonly file: string | undefined
  /** Where admins' entries are kept; undefined: nobody can name any. */
  readonly text: KeptText | undefined
  readonly check: UrlCheck | undefined
  readonly warn: (what: string) => void
}

/** @throws StartError if the file cannot be taken */
export async function openBlocking(options: BlockingOptions): Promise<NodeBlocking> {
  const { file, text, check, warn } = options
  const blocked = new BlockedHosts()
  const kept = new KeptHosts(text ?? NO_TEXT, blocked, (why) =>
    warn(`${why}; the list that was known goes on to hold`),
  )
  const opened =
    file === undefined
      ? undefined
      : await HostFile.open({
          file,
          clock: systemClock,
          onList: (hosts) => blocked.replace('file', hosts),
          onBroken: (why) =>
            warn(
              `the changed blocked hosts in ${file} cannot be taken, the last list holds: ${why}`,
            ),
        })
  const close = async () => {
    kept.close()
    await opened?.close()
  }
  return { blocked, kept, file: opened, check, close }
}

/** Of a gateway without any. */
export function noBlocking(): NodeBlocking {
  const blocked = new BlockedHosts()
  const kept = new KeptHosts(NO_TEXT, blocked, () => {})
  return { blocked, kept, file: undefined, check: undefined, close: async () => {} }
}
