/**
 * The code filter: which codes were ever given, in about two bytes each.
 *
 * Used by `partition-memory.ts` for a partition whose links are not all in memory. Guarantees: what
 * was added is never said to be missing, however much comes after it; of codes that were not added
 * at most FALSE_SHARE_MAX are taken for added ones. Codes are never removed: who purges one leaves it.
 *
 * It grows by layers: when one has as many codes as it is meant for, the next one is as large as all
 * before, with two bits more per code, which halves its error; so the sum stays bounded however often
 * it doubles. A filter that was made for as many codes as there are has one layer. Bytes per code,
 * `n` of them: 2.03 when it is made for n, 1.63 when that is full, and after it has doubled k times
 * at most 2.03 + k / 2.
 *
 * Sources: Almeida et al., "Scalable Bloom Filters". Rejected: a cuckoo filter (it could forget codes,
 * which nothing here asks for, and cannot grow without knowing them); the hashes themselves, 5 to 7 B.
 */
import type { Code } from '../../links/ids.ts'
import { hashCode, hashCodeBytes } from '../../links/hash.ts'
import { FilterLayer } from './filter-layer.ts'

/** Highest share of codes never given that are taken for given ones: each costs a read of the store. */
export const FALSE_SHARE_MAX = 0.01
/** Of the first layer, which then errs in 4 of 1,000 cases. */
const BITS_PER_CODE = 13
/** More in each further layer: half of the error. */
const BITS_PER_LAYER = 2
/** Room for codes still to come, when a filter is made. */
const HEADROOM = 1.25
const CODES_MIN = 64

export class CodeFilter {
  /** Oldest first. Invariant: all but the last have as many codes as they are meant for. */
  readonly #layers: FilterLayer[]
  /** In the last layer. */
  #newest = 0
  #codes = 0

  /** @param codes how many are expected, more or less */
  constructor(codes: number) {
    const codesMax = Math.max(CODES_MIN, Math.ceil(codes * HEADROOM))
    this.#layers = [new FilterLayer(codesMax, BITS_PER_CODE)]
  }

  /** How many were added: those that it took for known ones are not counted. */
  get codes(): number {
    return this.#codes
  }

  get bytes(): number {
    return this.#layers.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  add(code: Code): void {
    this.#add(placeOf(code), hashCode(code))
  }

  /** The code that these bytes spell, from `start` to before `end`. */
  addBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#add(placeOfBytes(bytes, start, end), hashCodeBytes(bytes, start, end))
  }

  /** False: it was never added. */
  mayHave(code: Code): boolean {
    return this.#mayHave(placeOf(code), hashCode(code))
  }

  #add(place: number, pattern: number): void {
    if (this.#mayHave(place, pattern)) return
    if (this.#newest >= this.#layers.at(-1)!.codesMax) this.#grow()
    this.#layers.at(-1)!.add(place, pattern)
    this.#newest++
    this.#codes++
  }

  #mayHave(place: number, pattern: number): boolean {
    for (const layer of this.#layers) if (layer.has(place, pattern)) return true
    return false
  }

  #grow(): void {
    const bits = BITS_PER_CODE + BITS_PER_LAYER * this.#layers.length
    this.#layers.push(new FilterLayer(this.#codes, bits))
    this.#newest = 0
  }
}

/*
 * A second hash: the codes of a partition have the upper bits of the first one in common, and two
 * codes that agree in all of it must not be taken for each other. FNV's loop with another prime
 * (MurmurHash2's), mixed after each byte; MurmurHash3's finaliser.
 */
const BASIS = 0x9747b28c
const PRIME = 0x5bd1e995

function placeOf(code: Code): number {
  let hash = BASIS
  for (let i = 0; i < code.length; i++) hash = mixed(hash, code.charCodeAt(i))
  return finalised(hash)
}

/** Invariant: the same as `placeOf` of what the bytes spell. */
function placeOfBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = BASIS
  for (let i = start; i < end; i++) hash = mixed(hash, bytes[i]!)
  return finalised(hash)
}

function mixed(hash: number, byte: number): number {
  const product = Math.imul(hash ^ byte, PRIME)
  return product ^ (product >>> 15)
}

function finalised(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
