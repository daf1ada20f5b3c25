/**
 * How much room there is on the disk of a directory, and how much of it should be left alone.
 *
 * Used before each commit. The reserve keeps ordinary writes away from the very end of the disk, for
 * two reasons: making room (trimming) needs some itself, and what other processes write between this
 * look and the commit must still fit.
 */
import { statfsSync } from 'node:fs'

/** Left alone on a disk that is large enough. */
const RESERVE_BYTES_MAX = 16 * 2 ** 20
/** Left alone on a small disk. */
const RESERVE_SHARE_MAX = 0.05

export interface DiskRoom {
  /** Bytes that this process could still write. */
  readonly free: number
  readonly reserve: number
}

/** Takes about 5 microseconds; synchronous, so that nothing comes between it and what follows. */
export function diskRoom(directory: string): DiskRoom {
  const { bsize, blocks, bavail } = statfsSync(directory)
  const reserve = Math.min(RESERVE_BYTES_MAX, blocks * bsize * RESERVE_SHARE_MAX)
  return { free: bavail * bsize, reserve }
}
