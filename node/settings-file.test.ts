/** What a file of settings may say, and how it is told what is wrong with it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { readConfig, SETTINGS_LIST } from '../config.ts'
import { collectSettings, readProgramOptions } from './program-options.ts'
import { keyOf, flagOf, variablesOf } from './setting-names.ts'
import { withOrigins, type Env } from './given-settings.ts'
import { effectiveSettings, settingsTable } from './settings-display.ts'

const directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-settings-'))
test.after.always(() => rmSync(directory, { recursive: true, force: true }))
const FILE = path.join(directory, 'tinygrid.toml')
let files = 0

/** What becomes of a file, an environment and flags. */
function settingsOf(toml: string, env: Env = {}, ...flags: readonly string[]) {
  const file = path.join(directory, `${++files}.toml`)
  writeFileSync(file, toml, { mode: 0o600 })
  const given = collectSettings(readProgramOptions(['--config', file, ...flags]), env)
  return { file, given, config: withOrigins(given, () => readConfig(given.env)) }
}

test('every setting has a flag and a key of its own', (t) => {
  const variables = [...variablesOf(SETTINGS_LIST).keys()]
  t.is(new Set(variables.map(flagOf)).size, variables.length)
  t.is(new Set(variables.map(keyOf)).size, variables.length)
  t.deepEqual(['PORT', 'TINYGRID_DATA_DIR', 'TINYGRID_API_KEY_FILE', 'NATS_URL'].map(keyOf), [
    'port',
    'dataDir',
    'apiKeyFile',
    'natsUrl',
  ])
})

test('a flag wins over the environment, and the environment over the file', (t) => {
  const toml = 'port = 1\ncodeLength = 5\naliasLengthMax = 5\n'
  const env = { PORT: '2', TINYGRID_CODE_LENGTH: '6' }
  const { config, given, file } = settingsOf(toml, env, '--port', '3')
  t.like(config, { port: 3, codeLength: 6, aliasLengthMax: 5, urlBytesMax: 8_192 })
  const sources = effectiveSettings(config, given).map(({ key, source, from }) => [
    key,
    [source, from],
  ])
  t.like(Object.fromEntries(sources), {
    port: ['flag', '--port'],
    codeLength: ['environment', 'TINYGRID_CODE_LENGTH'],
    aliasLengthMax: ['file', `${file}:3: aliasLengthMax`],
    urlBytesMax: ['default', null],
  })
  t.is(settingsOf('port = 1', { PORT: '' }).config.port, 1, 'empty is not given')
})

test('values have the types of TOML, and sizes and choices more than one', (t) => {
  const { config } = settingsOf(`
    trustProxy = true
    targetSchemes = ["https", "tel"]
    memoryMax = "512MB"
    dirtyMax = 2097152
    redirectStatus = 301
    forwardQuery = false
    "host" = '0.0.0.0'`)
  t.like(config, {
    trustProxy: true,
    targetSchemes: ['https', 'tel'],
    memoryBytesMax: 2 ** 29,
    dirtyBytesMax: 2 ** 21,
    redirectStatus: '301',
    forwardQuery: 'false',
    host: '0.0.0.0',
  })
})

const wrong: readonly [toml: string, told: RegExp][] = [
  ['# a port\nport = 70000', /^\S+\.toml:2: port is "70000", but must be a whole number .* 65535$/],
  ['port = "80"', /:1: port is a string \("80"\), but must be an integer: a whole number/],
  ['port = 80.5', /:1: port is a float \(80.5\), but must be an integer/],
  ['trustProxy = "yes"', /:1: trustProxy is a string \("yes"\), but must be a boolean: true or/],
  ['roles = "gateway"', /:1: roles is a string .*, but must be an array of strings: one or more/],
  ['roles = []', /:1: roles has no item, but must be one or more of/],
  ['roles = ["gateway,actors"]', /:1: roles has the item "gateway,actors", but must be/],
  ['corsOrigins = [1]', /:1: corsOrigins is an other array, but must be an array of strings/],
  ['memoryMax = "lots"', /:1: memoryMax is "lots", but must be a number of bytes from 16MB/],
  ['\n\nprot = 1', /:3: prot is not a setting; see --help \(did you mean port\?\)$/],
  ['TINYGRID_DATA_DIR = "x"', /:1: TINYGRID_DATA_DIR is not a .*did you mean dataDir\?/],
  ['data-dir = "x"', /:1: data-dir is not a setting.*did you mean dataDir\?/],
  ['[port]\nmax = 3', /:1: port is a table, but must be an integer/],
  ['[server]\nport = 3', /:1: server is not a setting/],
  ['apiKey = 12345', /:1: apiKey is an integer, but must be a string/],
  ['apiKey = "short"', /:1: apiKey is a value of 5 characters, but must be 16/],
  ['natsUrlFile = "/no/file"', /:1: natsUrlFile is "\/no\/file", which cannot be read \(ENOENT\)/],
  ['partitions = 100', /:1: partitions is "100", but must be a power of two/],
  ['redisUrl = "redis://x"', /:1: redisUrl is set, but NATS_URL is not|REDIS_URL is set/],
  ['port = 1\nport = 2', /:2: this is no TOML: /],
  ['port = ', /:1: this is no TOML: /],
]

for (const [toml, told] of wrong) {
  test(`${JSON.stringify(toml)} is told with its line`, (t) => {
    const { message } = t.throws(() => settingsOf(toml))
    t.regex(message, told)
    t.notRegex(message, /\n/)
  })
}

const read = (config: string) => () => collectSettings({ config }, {})

test('a file that is not there, no file, or too long is told', (t) => {
  t.throws(read('/no/such.toml'), { message: /such\.toml, the file of .* cannot be read \(ENOENT/ })
  t.throws(read('/dev/zero'), { message: '/dev/zero is no regular file' })
  writeFileSync(FILE, `# ${'x'.repeat(300_000)}`)
  t.throws(read(FILE), { message: /has more than 262144 bytes/ })
  t.throws(() => collectSettings({}, { TINYGRID_CONFIG: '/no/such.toml' }), { message: /ENOENT/ })
  t.is(collectSettings({ config: 'none' }, { TINYGRID_CONFIG: '/no/such.toml' }).file, undefined)
})

const warningsOf = (text: string, mode: number) => {
  writeFileSync(FILE, text)
  chmodSync(FILE, mode)
  return collectSettings({ config: FILE }, {}).warnings
}

test('a secret in a file that everybody can read is a warning, and its file is none', (t) => {
  const secret = 'apiKey = "a-key-of-somebody"'
  t.regex(warningsOf(secret, 0o644).join(), /holds secrets \(apiKey\), .*: chmod 600 /)
  t.deepEqual(warningsOf(secret, 0o640), [])
  t.deepEqual(warningsOf('apiKeyFile = "key"\nport = 1', 0o644), [])
})

test('a secret and the file of a secret displace each other, and both at once are refused', (t) => {
  const file = path.join(directory, 'key')
  writeFileSync(file, 'the-key-of-the-file')
  const inFile = `apiKeyFile = ${JSON.stringify(file)}`
  t.is(settingsOf(inFile).config.apiKey, 'the-key-of-the-file')
  t.is(settingsOf(inFile, { TINYGRID_API_KEY: 'a-key-of-somebody' }).config.apiKey?.length, 17)
  const message = /:1: apiKey is set, and TINYGRID_API_KEY_FILE too/
  t.throws(() => settingsOf(`apiKey = "a-key-of-somebody"\n${inFile}`), { message })
})

test('secrets are not shown, wherever they are from', (t) => {
  const { config, given } = settingsOf('apiKey = "a-key-of-somebody"')
  const table = settingsTable(effectiveSettings(config, given))
  t.regex(table, /^apiKey +\*\*\* +file .*toml:1: apiKey$/m)
  t.notRegex(table, /somebody/)
})

const run = (...flags: string[]) => {
  return () => settingsOf('', {}, ...flags)
}

test('flags are told as they were written, and misspelt ones with the nearest name', (t) => {
  t.throws(run('--port', 'http'), { message: /^--port is "http", but must be a whole number/ })
  t.throws(run('--data-dri', 'x'), { message: /^--data-dri is not an .*did you mean --data-dir\?/ })
  t.throws(run('--port'), { message: /--port.*argument missing/ })
  t.throws(run('serve'), { message: /'serve'/ })
  t.true(run('--trust-proxy')().config.trustProxy)
  t.false(run('--trust-proxy', 'false')().config.trustProxy)
  t.true(run('--trust-proxy', '--port', '0')().config.trustProxy)
})
