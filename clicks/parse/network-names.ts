/**
 * The names of networks by their number, as bytes.
 *
 * Used by the network table. Some eighty thousand strings would be walked by each full garbage
 * collection; here they are one piece of memory, and a name becomes a string when it is asked for.
 */
import assert from 'node:assert/strict'

/** As `AddressFacts` has them. */
export interface Network {
  readonly asn: number
  readonly name: string
}

export class NetworkNames {
  /** While networks are added: their places by number. */
  #places = new Map<number, number>()
  #asns: number[] = []
  /** Where each name ends. */
  #ends: number[] = []
  #bytes: Buffer
  #used = 0

  /** @param room bytes of names to make room for at first */
  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafe(room)
  }

  get bytes(): number {
    return this.#bytes.length + 16 * this.#asns.length
  }

  /** The place of a network; of one that was added before the same, with the name that it had. */
  add(asn: number, name: Buffer): number {
    const known = this.#places.get(asn)
    if (known !== undefined) return known
    if (this.#used + name.length > this.#bytes.length) this.#resize(2 * (this.#used + name.length))
    this.#used += name.copy(this.#bytes, this.#used)
    const place = this.#asns.push(asn) - 1
    this.#ends.push(this.#used)
    this.#places.set(asn, place)
    return place
  }

  /** Gives back the room that was not needed; nothing is added after that. */
  shrink(): void {
    this.#places = new Map()
    this.#resize(this.#used)
  }

  at(place: number): Network {
    const asn = this.#asns[place]
    assert(asn !== undefined)
    const from = place === 0 ? 0 : this.#ends[place - 1]!
    return { asn, name: this.#bytes.toString('utf8', from, this.#ends[place]) }
  }

  #resize(room: number): void {
    const bytes = Buffer.allocUnsafeSlow(room)
    this.#bytes.copy(bytes, 0, 0, this.#used)
    this.#bytes = bytes
  }
}
