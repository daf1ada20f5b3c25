/**
 * Restores a backup: reads it whole and checks it, then reads it again and writes what is in it.
 *
 * Used by `tinygrid restore`. Twice, so that a backup that was cut or changed is refused before anything is
 * written; whoever changes it in between is met by the second reading. Holds one block.
 */
import assert from 'node:assert/strict'
import { parseAccessKey, type AccessKey } from '../../cluster/keys/access-key.ts'
import type { LogPosition } from '../../links/ids.ts'
import type { BackupEnd, BackupHeader } from '../../persistence/backup/backup-format.ts'
import {
  BackupError,
  readBackup,
  type BackupBlock,
} from '../../persistence/backup/backup-reader.ts'
import { linksIn } from '../../persistence/backup/link-block.ts'
import { Moments } from './restore-moments.ts'
import type { RestoreTarget } from './restore-target.ts'

export interface FoundBackup {
  readonly header: BackupHeader
  /** Of the moment that is to be restored. */
  readonly end: BackupEnd
  /** Above that of every version in it. */
  readonly lastPosition: LogPosition
  /** Of one that goes on: moments up to that one, and the times between which there are some. */
  readonly moments?: { readonly count: number; readonly first: string; readonly last: string }
}

/** Opens the backup; called twice. */
export type OpenBackup = () => AsyncIterable<Uint8Array>

/**
 * Reads it whole.
 *
 * @param to nothing that came after this time is wanted; undefined: all
 * @throws BackupError, also where it does not reach that time
 */
export async function checkBackup(open: OpenBackup, to?: Date): Promise<FoundBackup> {
  const found = new Moments(to)
  try {
    for await (const block of readBackup(open())) {
      if (block.kind === 'links') linksIn(block.content)
      found.note(block)
    }
  } catch (error) {
    // What was cut off behind a moment is not missed.
    if (!(error instanceof BackupError) || !found.hasMoments) throw error
  }
  return found.choice()
}

/** @throws BackupError, and what the target throws */
export async function writeBackup(
  open: OpenBackup,
  target: RestoreTarget,
  { moments }: Pick<FoundBackup, 'moments'> = {},
): Promise<void> {
  let met = 0
  // Of these each block takes the place of the one before.
  const newest = new Map<BackupBlock['kind'], BackupBlock>()
  for await (const block of readBackup(open())) {
    if (block.kind === 'moment' && ++met === moments?.count) break
    if (REPLACED.has(block.kind)) newest.set(block.kind, block)
    else await writeBlock(block, target)
  }
  for (const block of newest.values()) await writeBlock(block, target)
  await target.finish()
}

const REPLACED: ReadonlySet<string> = new Set(['keys', 'hooks', 'hosts'])

async function writeBlock(block: BackupBlock, target: RestoreTarget): Promise<void> {
  switch (block.kind) {
    case 'links':
      return target.write(linksIn(block.content))
    case 'keys':
      return target.addKeys(keysIn(block.content))
    case 'hooks':
      return target.addHooks(
        new Map(Object.entries(jsonOf(block.content) as Record<string, string>)),
      )
    case 'hosts':
      return target.addHosts(block.content.toString())
    case 'audit':
      return target.addChanges(jsonOf(block.content) as string[])
    case 'clicks':
      return target.addClicks(block.content)
    case 'header':
    case 'progress':
    case 'moment':
    case 'end':
      return undefined
  }
}

function keysIn(content: Buffer): AccessKey[] {
  const values = jsonOf(content)
  assert(Array.isArray(values))
  return values.map((value) => {
    const key = parseAccessKey(JSON.stringify(value))
    if (key === undefined) throw new BackupError('has a key that cannot be read')
    return key
  })
}

function jsonOf(content: Buffer): unknown {
  return JSON.parse(content.toString())
}
