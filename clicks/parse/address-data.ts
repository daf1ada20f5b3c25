/**
 * The data that tell where an address is: the files that npm carries, or those that the settings name.
 *
 * Opened once by a process that parses clicks, and asked by its parser. A packaged file that is missing
 * or damaged leaves its part empty, with one line for the log: clicks are counted without it. One that a
 * setting names stops the start: whoever named it wants to know. Of the packaged files, that of the
 * countries takes 8 MB of memory, that of the networks 11 MB and half a second of work, done in steps.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { StartError } from '../../links/errors.ts'
import type { Steps } from '../../links/long-work.ts'
import { CLICK_TEXT_MAX } from '../click.ts'
import { EMPTY_FACTS, type AddressBook, type AddressFacts } from './address-book.ts'
import { AddressFile, FILE_KINDS, type FileKind } from './address-file.ts'
import { BoundedCache } from './bounded-cache.ts'
import { cleanText } from './clean-text.ts'
import { parseAddress, type IpAddress } from './ip-address.ts'
import { NetworkTable } from './network-table.ts'
import { networkTypeOf } from './network-type.ts'

export interface AddressDataOptions {
  /** MaxMind files by TINYGRID_GEOIP_FILE and TINYGRID_GEOIP_ASN_FILE; undefined: the packaged ones. */
  readonly countryFile: string | undefined
  readonly networkFile: string | undefined
  /** Told why a packaged file is not used, in one line. */
  readonly onMissing: (message: string) => void
  /** Does the work of reading; in a gateway by `LongWork.run`. By default in one go. */
  readonly run?: <T>(steps: Steps<T>) => Promise<T>
  /** Where packaged files lie; by default where npm put them. */
  readonly packaged?: PackagedFiles
}

export interface PackagedFiles {
  readonly countries: string
  readonly ipv4Networks: string
  readonly ipv6Networks: string
}

export interface Countries {
  /** Of any text; empty: of none, or not known. Never throws. */
  country(address: string): string
}

/** Names of networks whose kind is remembered. */
const ORGANISATIONS = { entriesMax: 8_192, keyCharsMax: 256 } as const

type FindNetwork = (
  address: IpAddress,
) => { readonly asn: number; readonly name: string } | undefined

/**
 * The countries alone, for redirect rules: the networks take half a second.
 *
 * @throws StartError if a file that a setting names cannot be used
 */
export async function openCountryData(
  options: Pick<AddressDataOptions, 'countryFile' | 'onMissing' | 'packaged'>,
): Promise<Countries | undefined> {
  const countries = await openCountries(options)
  if (countries === undefined) return undefined
  const country = (text: string) => {
    const address = parseAddress(text)
    return address?.isPublic === true ? countries.country(address.text) : ''
  }
  return { country }
}

/** @throws StartError if a file that a setting names cannot be used */
export async function openAddressData(options: AddressDataOptions): Promise<AddressBook> {
  const countries = await openCountries(options)
  const findNetwork = await openNetworks(options)
  const organisations = new BoundedCache({ ...ORGANISATIONS, make: organisationOf })
  const find = (text: string): AddressFacts => {
    const address = parseAddress(text)
    if (address === undefined) return EMPTY_FACTS[0]
    if (!address.isPublic) return EMPTY_FACTS[address.version]
    const { asn, name } = findNetwork?.(address) ?? { asn: 0, name: '' }
    const { network, networkType } = organisations.get(name)
    const country = countries?.country(address.text) ?? ''
    return { ipVersion: address.version, country, asn, network, networkType }
  }
  return { find }
}

function organisationOf(name: string): Pick<AddressFacts, 'network' | 'networkType'> {
  const network = cleanText(name, CLICK_TEXT_MAX.network)
  return { network, networkType: networkTypeOf(network) }
}

async function openCountries(
  options: Pick<AddressDataOptions, 'countryFile' | 'onMissing' | 'packaged'>,
): Promise<Countries | undefined> {
  const { countryFile } = options
  if (countryFile !== undefined) return openNamed('TINYGRID_GEOIP_FILE', countryFile, 'countries')
  return packagedOrNot(options, 'countries', ({ countries }) =>
    AddressFile.open(countries, 'countries'),
  )
}

async function openNetworks(options: AddressDataOptions): Promise<FindNetwork | undefined> {
  const { networkFile, run = inOneGo } = options
  if (networkFile !== undefined) {
    const file = await openNamed('TINYGRID_GEOIP_ASN_FILE', networkFile, 'networks')
    return ({ text }) => file.network(text)
  }
  return packagedOrNot(options, 'networks', async ({ ipv4Networks, ipv6Networks }) => {
    const [ipv4, ipv6] = await Promise.all([readFile(ipv4Networks), readFile(ipv6Networks)])
    const table = await run(NetworkTable.read({ ipv4, ipv6 }))
    return (address) => table.find(address)
  })
}

async function openNamed(setting: string, path: string, kind: FileKind): Promise<AddressFile> {
  try {
    return await AddressFile.open(path, kind)
  } catch (error) {
    const what = `cannot be used as a MaxMind file of ${FILE_KINDS[kind].name}`
    throw new StartError(`${setting} is ${JSON.stringify(path)}, which ${what}: ${reason(error)}`)
  }
}

async function packagedOrNot<T>(
  { packaged, onMissing }: Pick<AddressDataOptions, 'packaged' | 'onMissing'>,
  kind: FileKind,
  open: (files: PackagedFiles) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await open(packaged ?? packagedFiles())
  } catch (error) {
    onMissing(
      `clicks are counted without ${kind}: the packaged data cannot be read: ${reason(error)}`,
    )
    return undefined
  }
}

/** @throws Error if npm has not put them there */
function packagedFiles(): PackagedFiles {
  const networks = import.meta.resolve('@ip-location-db/asn/package.json')
  const countries = import.meta.resolve('@ip-location-db/geo-whois-asn-country-mmdb/package.json')
  return {
    countries: fileURLToPath(new URL('geo-whois-asn-country.mmdb', countries)),
    ipv4Networks: fileURLToPath(new URL('asn-ipv4-num.csv', networks)),
    ipv6Networks: fileURLToPath(new URL('asn-ipv6.csv', networks)),
  }
}

async function inOneGo<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return cleanText(text, 200)
}
