/**
 * Which moment of a backup is restored: the last one, or the last one up to a time.
 *
 * Used while a backup is checked. A plain backup has one moment, its own; one that goes on has one every few
 * seconds, and each is as good as an end.
 */
import { isPosition, type LogPosition } from '../../links/ids.ts'
import { isPartitionCount } from '../../links/ring.ts'
import type { BackupEnd, BackupHeader } from '../../persistence/backup/backup-format.ts'
import { BackupError, type BackupBlock } from '../../persistence/backup/backup-reader.ts'
import type { FoundBackup } from './restore-run.ts'

/** A backup that goes on reaches so far behind its last moment: the next one would have come by then. */
const BEHIND_MS_MAX = 15_000

export class Moments {
  readonly #to: number
  #header: BackupHeader | undefined
  #chosen: BackupEnd | undefined
  /** Moments up to that one. */
  #chosenCount = 0
  #count = 0
  #first: BackupEnd | undefined
  #last: BackupEnd | undefined

  constructor(to: Date | undefined) {
    this.#to = to?.getTime() ?? Infinity
  }

  get hasMoments(): boolean {
    return this.#count > 0
  }

  note(block: BackupBlock): void {
    if (block.kind === 'header') this.#header = block.header
    // The end of one that goes on says nothing new.
    if (block.kind === 'moment' || (block.kind === 'end' && this.#count === 0)) this.#add(block)
  }

  /** @throws BackupError */
  choice(): FoundBackup {
    const [header, end, first, last] = [this.#header!, this.#chosen, this.#first, this.#last]
    if (first === undefined || last === undefined) throw new BackupError('has no end')
    const isReached = this.#to === Infinity || this.#to <= timeOf(last) + this.#behindMs
    if (end === undefined || !isReached) throw new BackupError(this.#missing(first, last))
    const { partitions, product } = header
    const isOurs = product === 'tinygrid' && isPartitionCount(partitions)
    const isMoment = end.positions.length === partitions && end.positions.every(isPosition)
    if (!isOurs || !isMoment) throw new BackupError('does not say what it is of')
    const lastPosition = Math.max(...end.positions) as LogPosition
    if (this.#count === 0) return { header, end, lastPosition }
    const times = { first: first.takenAt, last: last.takenAt }
    return { header, end, lastPosition, moments: { count: this.#chosenCount, ...times } }
  }

  #add(block: Extract<BackupBlock, { kind: 'moment' | 'end' }>): void {
    const { end, kind } = block
    if (kind === 'moment') this.#count++
    this.#first ??= end
    this.#last = end
    if (timeOf(end) > this.#to) return
    this.#chosen = end
    this.#chosenCount = this.#count
  }

  get #behindMs(): number {
    return this.#count > 0 ? BEHIND_MS_MAX : 0
  }

  #missing(first: BackupEnd, last: BackupEnd): string {
    return this.#count > 0
      ? `reaches from ${first.takenAt} to ${last.takenAt}, and no other time`
      : `is of ${first.takenAt} alone: only one that goes on (backup --follow) has other moments`
  }
}

function timeOf({ takenAt }: BackupEnd): number {
  return Date.parse(takenAt)
}
