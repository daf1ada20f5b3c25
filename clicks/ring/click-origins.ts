/**
 * Who clicked: the address, visitor and headers of a click, found without parsing them again.
 *
 * Used by the recorder for each click. A head that came before, byte for byte, is not parsed again, an
 * address not shortened again, and an origin that is in the batch already not written again. All that
 * is remembered is bounded; what is forgotten is found anew.
 */
import { parseAddress } from '../../links/ip-address.ts'
import type { BatchWriter } from '../log/batch-writer.ts'
import type { Head } from './click-ring.ts'
import { dayOf, type DailySalts } from './daily-salts.ts'
import { forwardedAddress, keptAddress, type IpPrivacy } from './kept-address.ts'
import { keptHead, type KeptHead } from './kept-head.ts'
import type { Bits64, KeyedHash } from './keyed-hash.ts'
import { RecentMap } from './recent-map.ts'

export interface OriginOptions {
  readonly privacy: IpPrivacy
  /** DNT and Sec-GPC are honoured: such a click has no address and no visitor. */
  readonly respectDnt: boolean
  /** A proxy in front puts the client's address last into X-Forwarded-For. */
  readonly trustProxy: boolean
  readonly salts: Pick<DailySalts, 'hashOf'>
}

/** Characters of heads, and addresses, that are remembered in each of two generations. */
const HEADS_LENGTH_MAX = 4 * 2 ** 20
const ADDRESSES_MAX = 20_000

class KnownHead {
  readonly kept: KeptHead
  readonly agent: Bits64
  /** Which batch `place` and `origin` are of. */
  batch = -1
  /** Of its headers. */
  place = 0
  /** The origin of this head and `address`. */
  address: KnownAddress | undefined
  origin = 0

  constructor(kept: KeptHead, hash: KeyedHash) {
    this.kept = kept
    this.agent = hash.ofText(kept.agent)
  }
}

interface KnownAddress {
  readonly kept: string
  /** undefined: not known who it is. */
  readonly hash: Bits64 | undefined
}

const UNKNOWN: KnownAddress = { kept: '', hash: undefined }

export class ClickOrigins {
  readonly #options: OriginOptions
  #day = -1
  #hash: KeyedHash | undefined
  #batch = 0
  #heads = new RecentMap<string, KnownHead>(HEADS_LENGTH_MAX, (text) => text.length)
  #addresses = new RecentMap<string, KnownAddress>(ADDRESSES_MAX, () => 1)

  constructor(options: OriginOptions) {
    this.#options = options
  }

  /** The place in the batch of a click's origin. */
  place(batch: BatchWriter, at: number, socketAddress: string, head: Head): number {
    const day = dayOf(at)
    if (day !== this.#day) this.#useSaltOf(day)
    const known = this.#headOf(head)
    const address = this.#addressOf(known.kept, socketAddress)
    if (known.batch !== this.#batch) {
      known.batch = this.#batch
      known.place = batch.headers(known.kept.text)
    } else if (known.address === address) return known.origin
    const visitor = address.hash && this.#hash!.ofPair(address.hash, known.agent)
    known.address = address
    known.origin = batch.origin(address.kept, visitor, known.place)
    return known.origin
  }

  /** Called between batches: places are others then, and another salt may have been agreed. */
  beginBatch(): void {
    this.#batch++
    this.#day = -1
  }

  #useSaltOf(day: number): void {
    this.#day = day
    const hash = this.#options.salts.hashOf(day)
    if (hash === this.#hash) return
    this.#hash = hash
    this.#heads = new RecentMap(HEADS_LENGTH_MAX, (text) => text.length)
    this.#addresses = new RecentMap(ADDRESSES_MAX, () => 1)
  }

  /** Heads in pieces are of ways that cost more than this does, and are not remembered. */
  #headOf(head: Head): KnownHead {
    if (typeof head !== 'string') return new KnownHead(keptHead(head), this.#hash!)
    let known = this.#heads.get(head)
    if (known === undefined) {
      known = new KnownHead(keptHead(head), this.#hash!)
      this.#heads.set(head, known)
    }
    return known
  }

  #addressOf(kept: KeptHead, socketAddress: string): KnownAddress {
    const { trustProxy, respectDnt } = this.#options
    if (respectDnt && kept.asksNotToBeFollowed) return UNKNOWN
    const forwarded =
      trustProxy && kept.forwarded !== '' ? forwardedAddress(kept.forwarded) : undefined
    const text = forwarded ?? socketAddress
    let known = this.#addresses.get(text)
    if (known === undefined) {
      known = this.#newAddress(parseAddress(text))
      this.#addresses.set(text, known)
    }
    return known
  }

  #newAddress(address: string | undefined): KnownAddress {
    if (address === undefined) return UNKNOWN
    return { kept: keptAddress(address, this.#options.privacy), hash: this.#hash!.ofText(address) }
  }
}
