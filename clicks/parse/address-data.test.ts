/** The data of addresses: the packaged files, files that are damaged, files that a setting names. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { StartError } from '../../links/errors.ts'
import {
  openAddressData,
  openCountryData,
  type AddressDataOptions,
  type PackagedFiles,
} from './address-data.ts'
import { networkTypeOf } from './network-type.ts'

const COUNTRIES = fileURLToPath(
  new URL(
    'geo-whois-asn-country.mmdb',
    import.meta.resolve('@ip-location-db/geo-whois-asn-country-mmdb/package.json'),
  ),
)
const IPV4 = '134744064,134744319,15169,"Some, ""Inc."""\n3221225472,4294967295,7,All\r\n'
const IPV6 = '2001:4860::,2001:4860:ffff:ffff:ffff:ffff:ffff:ffff,15170,Other\n'

test.serial('the packaged files tell country and network', async (t) => {
  const messages: string[] = []
  const book = await open({ onMissing: (message) => messages.push(message) })
  t.deepEqual(messages, [])
  const google = { asn: 15169, network: 'Google LLC', networkType: 'hosting' } as const
  t.deepEqual(book.find('8.8.8.8'), { ipVersion: 4, country: 'US', ...google })
  t.deepEqual(book.find('8.8.8.0'), book.find('::ffff:8.8.8.8'))
  const { ipVersion, asn, network } = book.find('2001:4860:4860::')
  t.deepEqual([ipVersion, asn, network], [6, 15169, 'Google LLC'])
})

test('addresses that are not public are of no country, whatever the data say', async (t) => {
  const book = await open({ packaged: await packaged(t, { ipv4: IPV4 }) })
  t.is(book.find('223.1.1.1').asn, 7)
  for (const address of ['192.168.1.0', '10.0.0.1', '127.0.0.1', '::1', 'fe80::1', 'nonsense']) {
    const { country, asn, network } = book.find(address)
    t.deepEqual([country, asn, network], ['', 0, ''])
  }
})

test('names of networks are read as CSV quotes them, and cleaned', async (t) => {
  const book = await open({ packaged: await packaged(t, {}) })
  t.is(book.find('8.8.8.8').network, 'Some, "Inc."')
  t.is(book.find('223.1.1.1').network, 'All')
  t.is(book.find('2001:4860:1::').network, 'Other')
})

for (const [what, files, kind] of [
  ['a line that is none', { ipv4: `${IPV4}a,b,c\n` }, 'networks'],
  ['lines out of order', { ipv4: `${IPV4}1,2,3,early\n` }, 'networks'],
  ['a file that was cut off', { ipv6: IPV6.slice(0, 60) }, 'networks'],
  ['an empty file', { ipv6: '' }, 'networks'],
  ['no such file', { ipv4Networks: '/nonexistent' }, 'networks'],
  ['a file of countries that is none', { countries: fileURLToPath(import.meta.url) }, 'countries'],
] as const) {
  test(`${what}: one line is logged, and clicks are counted without it`, async (t) => {
    const messages: string[] = []
    const onMissing = (message: string) => messages.push(message)
    const book = await open({ onMissing, packaged: await packaged(t, files) })
    t.is(messages.length, 1)
    t.regex(messages[0]!, new RegExp(`^clicks are counted without ${kind}: [^\\n]+$`))
    const { country, asn } = book.find('8.8.8.8')
    t.deepEqual([country, asn], kind === 'countries' ? ['', 15169] : ['US', 0])
  })
}

test('a file of countries that was cut off is known by looking into it', async (t) => {
  const whole = await readFile(COUNTRIES)
  // The end has what the reader starts with; what lies before is gone.
  const cut = Buffer.concat([whole.subarray(0, 1_000_000), whole.subarray(-1_000)])
  const countries = join(await folder(t), 'cut.mmdb')
  await writeFile(countries, cut)
  const messages: string[] = []
  const onMissing = (message: string) => messages.push(message)
  const book = await open({ onMissing, packaged: await packaged(t, { countries }) })
  t.is(messages.length, 1)
  t.is(book.find('8.8.8.8').country, '')
})

test('a file that the setting names is used', async (t) => {
  const book = await open({ countryFile: COUNTRIES, packaged: await packaged(t, {}) })
  t.is(book.find('8.8.8.8').country, 'US')
})

for (const [setting, options] of [
  ['TINYGRID_GEOIP_FILE', { countryFile: '/nonexistent.mmdb' }],
  ['TINYGRID_GEOIP_FILE', { countryFile: fileURLToPath(import.meta.url) }],
  ['TINYGRID_GEOIP_ASN_FILE', { networkFile: COUNTRIES }],
] as const) {
  test(`${setting} with ${JSON.stringify(options)} stops the start in one line`, async (t) => {
    const error = await t.throwsAsync(open(options), { instanceOf: StartError })
    t.regex(error.message, new RegExp(`^${setting} is "[^\\n]+$`))
  })
}

for (const [name, type] of [
  ['Hetzner Online GmbH', 'hosting'],
  ['Amazon.com, Inc.', 'hosting'],
  ['Deutsche Telekom AG', 'consumer'],
  ['Comcast Cable Communications, LLC', 'consumer'],
  ['Google Fiber Inc.', 'consumer'],
  ['Universitaet Stuttgart', 'education'],
  ['Schneider Electric', ''],
  ['', ''],
] as const) {
  test(`"${name}" is of the kind "${type}"`, (t) => {
    t.is(networkTypeOf(name), type)
  })
}

function open(options: Partial<AddressDataOptions>) {
  return openAddressData({
    countryFile: undefined,
    networkFile: undefined,
    onMissing: (message) => {
      throw new Error(message)
    },
    ...options,
  })
}

async function packaged(
  t: ExecutionContext,
  { ipv4 = IPV4, ipv6 = IPV6, ...paths }: Partial<PackagedFiles & { ipv4: string; ipv6: string }>,
): Promise<PackagedFiles> {
  const files = await folder(t)
  await writeFile(join(files, '4.csv'), ipv4)
  await writeFile(join(files, '6.csv'), ipv6)
  return {
    countries: COUNTRIES,
    ipv4Networks: join(files, '4.csv'),
    ipv6Networks: join(files, '6.csv'),
    ...paths,
  }
}

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tinygrid-address-data-'))
  t.teardown(() => rm(path, { recursive: true, force: true }))
  return path
}

test('countries can be had alone, of addresses that are public', async (t) => {
  const none = await openCountryData({
    countryFile: undefined,
    onMissing: () => {},
    packaged: await packaged(t, { countries: '/nonexistent' }),
  })
  t.is(none, undefined)
  const book = await openCountryData({ countryFile: undefined, onMissing: () => {} })
  t.is(book!.country('8.8.8.8'), 'US')
  for (const address of ['192.168.1.0', '::1', 'nonsense', '']) t.is(book!.country(address), '')
})
