import { writeFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { Program, temporaryDirectory } from './program.ts'

const NODE = {
  NATS_URL: 'nats://127.0.0.1',
  MONGO_URL: 'mongodb://127.0.0.1',
  TINYGRID_API_KEY: 'a-key-of-the-cluster',
}

/** A wrong value and what the one line says of it. */
const wrong: readonly [env: Record<string, string>, line: RegExp][] = [
  [{ PORT: 'http' }, /PORT is "http", but must be a whole number from 0 to 65535/],
  [{ PORT: '70000' }, /PORT is "70000", but must be/],
  [{ TINYGRID_PARTITIONS: '100' }, /TINYGRID_PARTITIONS is "100", but must be a power of two/],
  [{ TINYGRID_PARTITIONS: '8' }, /TINYGRID_PARTITIONS is "8", but must be/],
  [{ TINYGRID_MEMORY_MAX: 'lots' }, /TINYGRID_MEMORY_MAX is "lots", but must be a number of bytes/],
  [{ TINYGRID_MEMORY_MAX: '1KB' }, /TINYGRID_MEMORY_MAX is "1KB", but must be/],
  [{ TINYGRID_DIRTY_MAX: '-1' }, /TINYGRID_DIRTY_MAX is "-1", but must be/],
  [{ TINYGRID_LOG_MAX: '1TB' }, /TINYGRID_LOG_MAX is "1TB", but must be/],
  [{ TINYGRID_BASE_URL: 'ftp://x' }, /TINYGRID_BASE_URL is "ftp:\/\/x", but must be an http/],
  [{ TINYGRID_REDIRECT_STATUS: '303' }, /must be one of 301, 302, 307, 308/],
  [{ TINYGRID_FALLBACK_URL: 'mailto:a@b.example' }, /must be an http or https URL/],
  [
    { TINYGRID_FALLBACK_URL: 'https://x.org/a', TINYGRID_BASE_URL: 'https://x.org' },
    /TINYGRID_FALLBACK_URL is https:\/\/x.org\/a, which leads back to this service/,
  ],
  [{ TINYGRID_BASE_URL: 'https://u:p@x.org' }, /TINYGRID_BASE_URL is .* without user/],
  [{ TINYGRID_API_KEY: 'short' }, /TINYGRID_API_KEY is a value of 5 characters, but must be 16/],
  [{ TINYGRID_API_KEY: 'REPLACE-ME-with-a-key' }, /^TINYGRID_API_KEY still has REPLACE-ME in it/],
  [{ NATS_URL: 'nats://node:REPLACE-ME@nats' }, /^NATS_URL still has REPLACE-ME in it/],
  [{ TINYGRID_PUBLIC_CREATE: 'maybe' }, /TINYGRID_PUBLIC_CREATE is "maybe", but must be true or/],
  [{ TINYGRID_FAST_PATH: 'yes' }, /TINYGRID_FAST_PATH is "yes", but must be true or false/],
  [
    { TINYGRID_FORWARD_QUERY: '1' },
    /TINYGRID_FORWARD_QUERY is "1", but must be one of true, false, o/,
  ],
  [{ TINYGRID_ROBOTS: 'no' }, /TINYGRID_ROBOTS is "no", but must be one of allow, deny/],
  [{ TINYGRID_TRUST_PROXY: '2' }, /TINYGRID_TRUST_PROXY is "2", but must be true or false/],
  [{ TINYGRID_RATE_LIMIT: '0' }, /TINYGRID_RATE_LIMIT is "0", but must be/],
  [
    { TINYGRID_TARGET_SCHEMES: 'http,javascript' },
    /TINYGRID_TARGET_SCHEMES is "http,javascript", but must be .* never one that runs code/,
  ],
  [{ TINYGRID_URL_BYTES_MAX: '32001' }, /TINYGRID_URL_BYTES_MAX is "32001", but must be .* 32000/],
  [
    { TINYGRID_CORS_ORIGINS: 'https://a.example/x' },
    /TINYGRID_CORS_ORIGINS is .* and without a path/,
  ],
  [{ TINYGRID_ALIAS_LENGTH_MAX: '65' }, /TINYGRID_ALIAS_LENGTH_MAX is "65", but must be .* 64/],
  [{ TINYGRID_CODE_LENGTH: '3' }, /TINYGRID_CODE_LENGTH is "3", but must be .* 4 to 32/],
  [{ TINYGRID_CONNECTIONS_MAX: '1.5' }, /TINYGRID_CONNECTIONS_MAX is "1.5", but must be/],
  [{ TINYGRID_STOP_TIMEOUT: '1' }, /TINYGRID_STOP_TIMEOUT is "1", but must be/],
  [{ TINYGRID_STOP_DELAY: '5s' }, /TINYGRID_STOP_DELAY is "5s", but must be/],
  [{ TINYGRID_LOG_LEVEL: 'loud' }, /TINYGRID_LOG_LEVEL is "loud", but must be one of trace, debug/],
  [
    { NATS_TLS_CA: '/ca', ...NODE },
    /NATS_TLS_CA is set, but NATS_URL does not ask for TLS \(tls:\/\/host\)/,
  ],
  [
    { TINYGRID_SERVERS_TLS_CA: '/ca', ...NODE },
    /TINYGRID_SERVERS_TLS_CA is set, but the URL of no server asks for TLS/,
  ],
  [
    { NATS_TLS_CERT: '/cert', ...NODE, NATS_URL: 'tls://a' },
    /NATS_TLS_CERT is set, but NATS_TLS_KEY is not: both or none/,
  ],
  [{ REDIS_TLS_SERVER_NAME: '10.0.0.1' }, /REDIS_TLS_SERVER_NAME is .*, but must be the name/],
  [
    { NATS_TLS_CA: '/no/such/file', ...NODE, NATS_URL: 'tls://a' },
    /^NATS_TLS_CA is "\/no\/such\/file", which cannot be read \(ENOENT\)$/m,
  ],
  [{ TINYGRID_NODE_ID: 'a b' }, /TINYGRID_NODE_ID is "a b", but must be 1 to 64 characters/],
  [
    { MONGO_URL_FILE: '/no/such/file' },
    /MONGO_URL_FILE is "\/no\/such\/file", which cannot be read \(ENOENT\)/,
  ],
  [{ REDIS_URL_FILE: '/dev/null' }, /REDIS_URL_FILE is "\/dev\/null", which is no regular file/],
  [{ REDIS_URL_FILE: '/dev/zero' }, /REDIS_URL_FILE is "\/dev\/zero", which is no regular file/],
  [{ NATS_URL_FILE: '/dev/null', ...NODE }, /NATS_URL is set, and NATS_URL_FILE too: set one of/],
  [{ TINYGRID_BASE_URL_FILE: '/dev/null' }, /TINYGRID_BASE_URL_FILE is not a setting; see --help/],
  [{ TINYGRID_PORT: '80' }, /TINYGRID_PORT is not a setting; see --help/],
  [{ MONGO_URL: 'mongodb://127.0.0.1' }, /MONGO_URL is set, but NATS_URL is not/],
  [{ REDIS_URL: 'redis://127.0.0.1' }, /REDIS_URL is set, but NATS_URL is not/],
  [{ TINYGRID_CLICKS_FEED: 'true' }, /TINYGRID_CLICKS_FEED is set, but NATS_URL is not/],
  [{ NATS_SYSTEM_URL: 'nats://127.0.0.1' }, /NATS_SYSTEM_URL is set, but NATS_URL is not/],
  [{ NATS_URL: 'nats://127.0.0.1' }, /MONGO_URL is missing: a cluster \(NATS_URL is set\)/],
  [
    { TINYGRID_LOG_STREAMS: '32' },
    /TINYGRID_LOG_STREAMS is "32", but must be .* 1 to 16 \(a power/,
  ],
  [
    { TINYGRID_LOG_STREAMS: '3', ...NODE },
    /TINYGRID_LOG_STREAMS is "3", but must be a power of two/,
  ],
  [
    { TINYGRID_LOG_STREAMS: '8', TINYGRID_LOG_MAX: '7MB', ...NODE },
    /TINYGRID_LOG_MAX is 7340032 bytes, but must be at least 1MB for each of 8 TINYGRID_LOG_STREAMS/,
  ],
  [{ TINYGRID_ROLES: 'gateway,king' }, /TINYGRID_ROLES is "gateway,king", but must be one or more/],
  [{ TINYGRID_IP_PRIVACY: 'some' }, /TINYGRID_IP_PRIVACY is "some", but must be one of none, anon/],
  [{ TINYGRID_CLICKS_BUFFER: '1KB' }, /TINYGRID_CLICKS_BUFFER is "1KB", but must be a number of/],
  [{ TINYGRID_CLICKS_LOG_AGE: '0' }, /TINYGRID_CLICKS_LOG_AGE is "0", but must be .* \(days\)/],
  [{ TINYGRID_NAMESPACE: 'My Grid' }, /TINYGRID_NAMESPACE is "My Grid", but must be a letter/],
  [{ HOST: 'no.such.host.invalid' }, /HOST no.such.host.invalid with PORT 0 cannot be used/],
]

for (const [env, line] of wrong) {
  const [name, value] = Object.entries(env)[0]!
  test.serial(`${name}=${value} stops the start with one line`, async (t) => {
    // On a busy machine a start tells how far it is.
    const quiet = { TINYGRID_LOG_LEVEL: 'warn', ...env }
    const program = Program.launch({ dataDir: temporaryDirectory(t), env: quiet })
    t.is(await program.ended(), 1)
    t.regex(program.output, line)
    t.is(program.output.trim().split('\n').length, 1, program.output)
  })
}

test.serial('a wrong key in the settings is not shown', async (t) => {
  const env = { TINYGRID_API_KEY: 'secret\u00e4secret-secret' }
  const program = Program.launch({ dataDir: temporaryDirectory(t), env })
  await program.ended()
  t.notRegex(program.output, /secret/)
})

test.serial('a secret setting can be a file, whose content is not shown either', async (t) => {
  const dataDir = temporaryDirectory(t)
  const file = path.join(dataDir, 'key')
  writeFileSync(file, 'secret-key-0123456789\n')
  const env = { TINYGRID_API_KEY_FILE: file, TINYGRID_LOG_LEVEL: 'debug' }
  const program = await Program.start({ dataDir, env, ownKey: true })
  const list = (key: string) => {
    return fetch(`${program.url}/api/links`, { headers: { 'X-Api-Key': key } })
  }
  t.is((await list('secret-key-0123456789')).status, 200)
  t.is((await list('secret-key-0123456788')).status, 401)
  await program.stop()
  t.notRegex(program.output, /secret-key/)
})

test.serial(
  'the file of the working directory is read, flags go before it, and all is shown',
  async (t) => {
    const dataDir = temporaryDirectory(t)
    const settings = 'apiKey = "secret-key-0123456789"\nhost = "203.0.113.1"\ncodeLength = 9\n'
    writeFileSync(path.join(dataDir, 'tinygrid.toml'), settings, { mode: 0o644 })
    const shown = Program.launch({ dataDir, ownKey: true, options: ['--print-config', '--json'] })
    t.is(await shown.ended(), 0)
    t.notRegex(shown.output, /secret-key/)
    const { file, settings: all } = JSON.parse(shown.output.split('\n')[0]!) as {
      file: string
      settings: { key: string; value: unknown; source: string }[]
    }
    t.is(file, 'tinygrid.toml')
    t.like(
      all.find(({ key }) => key === 'codeLength'),
      { value: 9, source: 'file', from: 'tinygrid.toml:3: codeLength' },
    )
    const options = ['--host', '127.0.0.1', '--public-create']
    const program = await Program.start({ dataDir, ownKey: true, options })
    t.regex(program.url, /^http:\/\/localhost:/)
    t.regex(program.output, /holds secrets \(apiKey\), and everybody on this machine can read it/)
    const headers = { 'X-Api-Key': 'secret-key-0123456789', 'content-type': 'application/json' }
    const body = JSON.stringify({ url: 'https://example.org/' })
    const made = await fetch(`${program.url}/api/links`, { method: 'POST', headers, body })
    t.is(((await made.json()) as { code: string }).code.length, 9)
    await program.stop()
  },
)
