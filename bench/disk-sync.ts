/**
 * How long the disk takes to make a small write durable: the floor under every create's latency,
 * and what most often explains a figure that differs from one machine to the next.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const SAMPLES = 300
const BLOCK_BYTES = 4096

export interface DiskSync {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** @param folder on the disk in question; a file of a megabyte stays in it */
export function measureDiskSync(folder: string): DiskSync {
  const file = openSync(join(folder, 'disk-sync'), 'w')
  const block = Buffer.alloc(BLOCK_BYTES, 'x')
  const samples = Array.from({ length: SAMPLES }, (_, i) => {
    writeSync(file, block, 0, BLOCK_BYTES, i * BLOCK_BYTES)
    const startedAt = performance.now()
    fdatasyncSync(file)
    return performance.now() - startedAt
  }).sort((a, b) => a - b)
  closeSync(file)
  const at = (share: number) => samples[Math.ceil(share * SAMPLES) - 1]!
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}
