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

/** Knows nothing but the version. */
export const EMPTY_ADDRESS_BOOK: AddressBook = {
  find: (address) => factsWithoutData(parseAddress(address)?.version ?? 0),
}

export function factsWithoutData(ipVersion: 0 | 4 | 6): AddressFacts {
  return { ipVersion, country: '', asn: 0, network: '', networkType: '' }
}
