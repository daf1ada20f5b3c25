/**
 * A file of MaxMind's format (MMDB): what it says of an address.
 *
 * Opened by `address-data.ts`; read as a whole, since look-ups must not wait. The packaged file of
 * countries is one, and so are GeoLite2, GeoIP2 and DB-IP's. Whatever is in it, a look-up gives a record
 * or nothing: a file that is damaged where nobody has looked yet must not stop the counting.
 */
import { readFile } from 'node:fs/promises'
import { Reader, type Response } from 'mmdb-lib'

/** What a record is asked for, by the names that the formats in use have for it. */
interface AddressRecord {
  readonly country?: { readonly iso_code?: unknown }
  readonly registered_country?: { readonly iso_code?: unknown }
  /** Of the packaged file. */
  readonly country_code?: unknown
  readonly autonomous_system_number?: unknown
  readonly autonomous_system_organization?: unknown
}

/** Kinds of files, and how their own description names them. */
export const FILE_KINDS = {
  countries: { pattern: /country|city|enterprise/i, name: 'countries or cities' },
  networks: { pattern: /asn|isp|enterprise/i, name: 'networks (ASN)' },
} as const
export type FileKind = keyof typeof FILE_KINDS

/** Looked up at the opening: a file that was cut off fails there. */
const PROBES = ['8.8.8.8', '193.0.6.139', '2001:4860:4860::8888', '2001:67c:2e8:22::c100:68b']
const COUNTRY = /^[A-Z]{2}$/

export class AddressFile {
  readonly #reader: Reader<Response>

  private constructor(reader: Reader<Response>) {
    this.#reader = reader
  }

  /** @throws Error that says what is wrong with the file */
  static async open(path: string, kind: FileKind): Promise<AddressFile> {
    const reader = new Reader<Response>(await readFile(path))
    const { databaseType, ipVersion } = reader.metadata
    if (!FILE_KINDS[kind].pattern.test(databaseType)) {
      throw new Error(`it says that it is of the type ${JSON.stringify(databaseType.slice(0, 64))}`)
    }
    for (const address of PROBES) {
      if (ipVersion === 6 || !address.includes(':')) reader.get(address)
    }
    return new AddressFile(reader)
  }

  /** ISO 3166-1 alpha-2; empty if it is not known. */
  country(address: string): string {
    const record = this.#find(address)
    const code =
      record?.country_code ?? record?.country?.iso_code ?? record?.registered_country?.iso_code
    return typeof code === 'string' && COUNTRY.test(code) ? code : ''
  }

  network(address: string): { readonly asn: number; readonly name: string } | undefined {
    const record = this.#find(address)
    const { autonomous_system_number: asn, autonomous_system_organization: name } = record ?? {}
    if (typeof asn !== 'number' || !Number.isInteger(asn) || asn < 0) return undefined
    return { asn, name: typeof name === 'string' ? name : '' }
  }

  #find(address: string): AddressRecord | null {
    if (address.includes(':') && this.#reader.metadata.ipVersion === 4) return null
    try {
      return this.#reader.get(address) as AddressRecord | null
    } catch {
      return null
    }
  }
}
