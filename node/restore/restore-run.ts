/**
 * Restores a backup: reads it whole and checks it, then reads it again and writes what is in it.
 *
 * Used by `tinygrid restore`. Twice, so that a backup that was cut or changed is refused before anything is
 * written; whoever changes it in between is met by the second reading. Holds one block.
 */
import assert from 'node:assert/strict'
import { parseAccessKey, type AccessKey } from '../../cluster/keys/access-key.ts'
import { isPosition, type LogPosition } from '../../links/ids.ts'
import { isPartitionCount } from '../../links/ring.ts'
import type { BackupEnd, BackupHeader } from '../../persistence/backup/backup-format.ts'
import {
  BackupError,
  readBackup,
  type BackupBlock,
} from '../../persistence/backup/backup-reader.ts'
import { linksIn } from '../../persistence/backup/link-block.ts'
import type { RestoreTarget } from './restore-target.ts'

export interface FoundBackup {
  readonly header: BackupHeader
  readonly end: BackupEnd
  /** Above that of every version in it. */
  readonly lastPosition: LogPosition
}

/** Opens the backup; called twice. */
export type OpenBackup = () => AsyncIterable<Uint8Array>

/** Reads it whole. @throws BackupError */
export async function checkBackup(open: OpenBackup): Promise<FoundBackup> {
  let header: BackupHeader | undefined
  for await (const block of readBackup(open())) {
    if (block.kind === 'header') header = block.header
    if (block.kind === 'links') linksIn(block.content)
    if (block.kind === 'end') return found(header!, block.end)
  }
  throw new BackupError('has no end')
}

/** @throws BackupError, and what the target throws */
export async function writeBackup(open: OpenBackup, target: RestoreTarget): Promise<void> {
  for await (const block of readBackup(open())) await writeBlock(block, target)
  await target.finish()
}

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
    case 'clicks':
      return target.addClicks(block.content)
    case 'header':
    case 'progress':
    case 'end':
      return undefined
  }
}

function found(header: BackupHeader, end: BackupEnd): FoundBackup {
  const { partitions, product } = header
  const isOurs = product === 'tinygrid' && isPartitionCount(partitions)
  const isMoment = end.positions.length === partitions && end.positions.every(isPosition)
  if (!isOurs || !isMoment) throw new BackupError('does not say what it is of')
  return { header, end, lastPosition: Math.max(...end.positions) as LogPosition }
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
