/**
 * The 32-bit hash that decides where a code lives.
 *
 * Used by the ring (upper bits: the partition), the link table (lower bits: the slot) and the link
 * store (as key prefix, so that a partition is one contiguous range). It is part of the stored
 * format: changing it moves every link. FNV-1a with MurmurHash3's finaliser: FNV alone leaves the
 * upper bits of short codes uneven. It is not keyed; a flood of chosen codes costs its sender an
 * authenticated create each. Rejected: a WASM hash (the call costs more than the work for 8 bytes).
 *
 * Sources: draft-eastlake-fnv, smhasher's MurmurHash3.cpp (fmix32).
 */
import type { Code } from './ids.ts'

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** Unsigned 32-bit hash of an ASCII code. */
export function hashCode(code: Code): number {
  let hash = FNV_OFFSET
  for (let i = 0; i < code.length; i++) hash = Math.imul(hash ^ code.charCodeAt(i), FNV_PRIME)
  return finalise(hash)
}

/** The same hash, read from bytes `start` (inclusive) to `end` (exclusive). */
export function hashCodeBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_OFFSET
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, FNV_PRIME)
  return finalise(hash)
}

function finalise(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
