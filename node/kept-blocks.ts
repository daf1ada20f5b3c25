/**
 * What a backup has beside links and clicks: keys, webhooks and reports, blocked hosts, audited changes.
 *
 * Read once for each moment of a backup; what has not changed since the last one is not written again, and of the
 * audit log what came since. Links are read before, so the changes of those that are in it are in it too.
 */
import type { ClickLogReader } from '../clicks/log/click-log.ts'
import { keptKey } from '../cluster/keys/access-key.ts'
import type { BackupEnd, BlockKind } from '../persistence/backup/backup-format.ts'
import type { BackupWriter } from '../persistence/backup/backup-writer.ts'
import type { NodeBackupOptions } from './node-backup.ts'

/** Of one block: a change has some kilobytes. */
const CHANGES_AT_ONCE = 200

type Sources = Pick<NodeBackupOptions, 'keys' | 'hooks' | 'access'>

export class KeptBlocks {
  readonly #sources: Sources
  readonly #writer: BackupWriter
  /** What was written last, by kind. */
  readonly #written = new Map<BlockKind, string>()
  #auditedTo = 0
  #audited = 0

  constructor(sources: Sources, writer: BackupWriter) {
    this.#sources = sources
    this.#writer = writer
  }

  /** @returns how many there are. @throws TinygridError */
  async *blocks(): AsyncGenerator<Buffer, Pick<BackupEnd, 'keys' | 'audited'>> {
    const { keys, hooks, access } = this.#sources
    const all = keys?.all() ?? []
    yield* this.#changed('keys', JSON.stringify(all.map(keptKey)))
    yield* this.#changed('hooks', JSON.stringify(Object.fromEntries(await hooks())))
    const hosts = access?.hosts.current
    if (hosts !== undefined) yield* this.#changed('hosts', hosts)
    if (access?.audit !== undefined) yield* this.#changes(access.audit.reader)
    return { keys: all.length, audited: this.#audited }
  }

  async *#changed(kind: BlockKind, text: string): AsyncGenerator<Buffer> {
    if (this.#written.get(kind) === text) return
    this.#written.set(kind, text)
    yield await this.#writer.block(kind, Buffer.from(text))
  }

  /** Up to where the audit log ends now. */
  async *#changes(reader: Pick<ClickLogReader, 'read' | 'span'>): AsyncGenerator<Buffer> {
    const { lastPosition } = await reader.span()
    while (this.#auditedTo < lastPosition) {
      const batches = await reader.read(this.#auditedTo)
      const last = batches.at(-1)
      if (last === undefined) return
      for (let at = 0; at < batches.length; at += CHANGES_AT_ONCE) {
        const some = batches.slice(at, at + CHANGES_AT_ONCE)
        const entries = some.map(({ payload }) => Buffer.from(payload).toString())
        this.#audited += entries.length
        yield await this.#writer.json('audit', entries)
      }
      this.#auditedTo = last.position
    }
  }
}
