/**
 * Where an address is, and whose: country and network, as far as the data tell.
 *
 * Asked by the click parser for each address that it does not remember. Addresses that are not of the
 * public internet (private, local, reserved, for documentation) are of no country and no network, whatever
 * the data say.
 */
import type { NetworkType } from '../click.ts'
import { parseAddress } from './ip-address.ts'

export interface AddressFacts {
  readonly ipVersion: 0 | 4 | 6
  readonly country: string
  readonly asn: number
  readonly network: string
  readonly networkType: NetworkType
}

export interface AddressBook {
  /** Any text: what is no address has ipVersion 0. Never throws. */
  find(address: string): AddressFacts
}

const NOTHING = { country: '', asn: 0, network: '', networkType: '' } as const
/** Of addresses of which nothing is known but their version. */
export const EMPTY_FACTS: Readonly<Record<0 | 4 | 6, AddressFacts>> = {
  0: { ipVersion: 0, ...NOTHING },
  4: { ipVersion: 4, ...NOTHING },
  6: { ipVersion: 6, ...NOTHING },
}

/** Has no data. */
export const EMPTY_ADDRESS_BOOK: AddressBook = {
  find: (address) => EMPTY_FACTS[parseAddress(address)?.version ?? 0],
}
