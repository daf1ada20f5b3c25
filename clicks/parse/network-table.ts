/**
 * The networks of the internet, from the CSV files that npm carries: which address is whose.
 *
 * Read by `address-data.ts` in steps, because half a million lines take part of a second and a gateway reads
 * them while it answers redirects. What lies in memory then is stated by `bytes`: some 13 MB. A file that
 * is not sorted, or has a line that is none, is refused as a whole: a table that is wrong in places is
 * worse than none. Rejected: objects and strings in a list, which each full garbage collection would walk.
 */
import type { Steps } from '../../links/long-work.ts'
import { AddressRanges } from './address-ranges.ts'
import { ipv6NumberOf, type IpAddress } from './ip-address.ts'
import { NetworkNames, type Network } from './network-names.ts'

/** Lines of a step. */
const STEP_LINES = 256
/** A line has some 50 bytes, a network's name 20; what is too little grows. */
const LINE_BYTES = 48
const NAMES_BYTES = 2 ** 21

const COMMA = 0x2c
const NEWLINE = 0x0a
const RETURN = 0x0d
const QUOTE = 0x22

export interface NetworkFiles {
  /** Lines of `first,last,number of the network,name`. */
  readonly ipv4: Buffer
  readonly ipv6: Buffer
}

export class NetworkTable {
  readonly #ipv4: AddressRanges
  readonly #ipv6: AddressRanges
  readonly #names: NetworkNames

  private constructor({ ipv4, ipv6 }: NetworkFiles) {
    this.#ipv4 = new AddressRanges(4, Math.ceil(ipv4.length / LINE_BYTES))
    this.#ipv6 = new AddressRanges(6, Math.ceil(ipv6.length / LINE_BYTES))
    this.#names = new NetworkNames(NAMES_BYTES)
  }

  /** @throws Error that names the line which is none */
  static *read(files: NetworkFiles): Steps<NetworkTable> {
    const table = new NetworkTable(files)
    yield* table.#take(files.ipv4, table.#ipv4)
    yield* table.#take(files.ipv6, table.#ipv6)
    table.#names.shrink()
    return table
  }

  /** Of memory that the table holds. */
  get bytes(): number {
    return this.#ipv4.bytes + this.#ipv6.bytes + this.#names.bytes
  }

  get ranges(): number {
    return this.#ipv4.size + this.#ipv6.size
  }

  find({ version, number }: IpAddress): Network | undefined {
    const place = (version === 4 ? this.#ipv4 : this.#ipv6).find(number)
    return place === undefined ? undefined : this.#names.at(place)
  }

  *#take(bytes: Buffer, ranges: AddressRanges): Steps<void> {
    let lines = 0
    for (let from = 0; from < bytes.length;) {
      const to = bytes.indexOf(NEWLINE, from)
      if (to === -1) throw new Error('the file is cut off')
      lines++
      if (!this.#takeLine(bytes, from, to, ranges)) throw new Error(`line ${lines} is damaged`)
      from = to + 1
      if (lines % STEP_LINES === 0) yield
    }
    if (lines === 0) throw new Error('the file is empty')
    ranges.shrink()
    yield
  }

  #takeLine(bytes: Buffer, from: number, to: number, ranges: AddressRanges): boolean {
    const first = bytes.indexOf(COMMA, from)
    const second = bytes.indexOf(COMMA, first + 1)
    const third = bytes.indexOf(COMMA, second + 1)
    if (first === -1 || second === -1 || third === -1 || third >= to) return false
    const start = addressAt(bytes, from, first)
    const end = addressAt(bytes, first + 1, second)
    const asn = decimalAt(bytes, second + 1, third)
    if (start === undefined || end === undefined || asn === undefined) return false
    const place = this.#names.add(asn, nameOf(bytes, third + 1, to))
    return ranges.add(start, end, place)
  }
}

/** IPv4 as a number, IPv6 as it is written. */
function addressAt(bytes: Buffer, from: number, to: number): number | undefined {
  return decimalAt(bytes, from, to) ?? ipv6NumberOf(bytes.toString('latin1', from, to))
}

/** A whole number of 32 bits; undefined if it is none. */
function decimalAt(bytes: Buffer, from: number, to: number): number | undefined {
  let number = 0
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - 0x30
    if (!(digit >= 0 && digit <= 9)) return undefined
    number = number * 10 + digit
  }
  return to > from && number < 2 ** 32 ? number : undefined
}

/** A field of CSV, without quotes if it has them. */
function nameOf(bytes: Buffer, from: number, to: number): Buffer {
  const end = bytes[to - 1] === RETURN ? to - 1 : to
  if (bytes[from] !== QUOTE) return bytes.subarray(from, end)
  const text = bytes.toString('utf8', from + 1, end - 1)
  return Buffer.from(text.replaceAll('""', '"'))
}
