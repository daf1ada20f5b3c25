/** A node speaks TLS to all its servers, shows its own certificate, and says in one sentence what is wrong. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { ClickHouseConnection } from '../clicks/store/clickhouse-connection.ts'
import { connectNats } from '../cluster/nats/nats-connection.ts'
import { StartError } from '../links/errors.ts'
import { systemLongWork } from '../links/long-work.ts'
import { readTlsFiles, type TlsFiles } from '../links/tls-files.ts'
import { RedisFallbackCache } from '../persistence/cache/redis-fallback-cache.ts'
import { MongoLinkStore } from '../persistence/store/mongo-link-store.ts'
import { until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'
import { NatsService } from './services/nats-service.ts'
import { serialTestWith } from './services/service-test.ts'
import { papersIn, PROGRAMS, SERVERS, TlsServers, URLS, type Server } from './tls-servers.ts'

const PATIENCE_MS = 60_000
let starting: Promise<TlsServers> | undefined
const theWorld = () => (starting ??= TlsServers.start())
test.after.always(async () => (await starting)?.close())

/** What a node says of a server that it cannot use; '' where it can. */
async function saidOf(server: Server, url: string, tls: TlsFiles): Promise<string> {
  try {
    await (await openers[server](url, tls)).close()
    return ''
  } catch (error) {
    return error instanceof StartError ? error.message : `it is no StartError: ${String(error)}`
  }
}

const openers: Readonly<
  Record<Server, (url: string, tls: TlsFiles) => Promise<{ close(): Promise<void> }>>
> = {
  NATS: (url, tls) => connectNats({ url, tls, name: 'x' }),
  REDIS: (url, tls) => RedisFallbackCache.open({ url, tls, namespace: 'x' }),
  MONGO: async (url, tls) => {
    const identity = { identity: 'x', wasMade: async () => false, noteMade: async () => {} }
    const settings = { url, tls, namespace: 'x', partitions: 16, identity }
    const store = await MongoLinkStore.open(settings, systemLongWork())
    try {
      await store.check()
      return store
    } catch (error) {
      await store.close()
      throw error
    }
  },
  CLICKHOUSE: (url, tls) =>
    ClickHouseConnection.open({ url, tls, namespace: 'x', questionMsMax: 30_000 }),
}

/** Slow machines may need several attempts: some servers may come later than a start. */
async function says(
  t: ExecutionContext,
  server: Server,
  [url, tls]: [string, TlsFiles],
  sentence: RegExp,
): Promise<void> {
  let said = ''
  await until(`${server} says ${String(sentence)}`, PATIENCE_MS, async () => {
    said = await saidOf(server, url, tls)
    return sentence.test(said)
  }).catch((error: Error) => t.fail(`${error.message}, but: ${said}`))
  t.false(said.includes('\n'), said)
}

serialTestWith(...PROGRAMS)(
  'a node speaks TLS to all its servers, and shows its certificate',
  async (t) => {
    t.timeout(180_000)
    const world = await theWorld()
    const { ca, node } = world.papers.files
    const urls = SERVERS.map((server) => [`${server}_URL`, world.url(server)])
    const program = await Program.start({
      dataDir: temporaryDirectory(t),
      env: {
        ...(Object.fromEntries(urls) as Record<string, string>),
        TINYGRID_ROLES: 'gateway,actors,analytics',
        TINYGRID_PARTITIONS: '16',
        TINYGRID_SERVERS_TLS_CA: ca.cert,
        TINYGRID_SERVERS_TLS_CERT: node.cert,
        TINYGRID_SERVERS_TLS_KEY: node.key,
      },
    })
    t.teardown(() => program.kill())
    await until('a link is made', PATIENCE_MS, async () => {
      const made = await program.create({ url: 'https://example.org/', code: 'safe' })
      return made.status === 201 || made.status === 409
    })
    await until('it is followed', PATIENCE_MS, async () => {
      return (await program.visit('safe')).headers.get('location') === 'https://example.org/'
    })
    await until('the visit is counted', PATIENCE_MS, async () => {
      const answer = await program.api('/api/links/safe/stats')
      if (!answer.ok) return false
      const { totals } = (await answer.json()) as { totals: { clicks: number } }
      return totals.clicks > 0
    })
    await until('all servers are there', PATIENCE_MS, async () => {
      const answer = await program.api('/api/cluster')
      const { servers } = (await answer.json()) as { servers: { isReachable: boolean }[] }
      return servers.length === 3 && servers.every(({ isReachable }) => isReachable)
    })
    t.is(await program.stop(), 0)
  },
)

for (const server of SERVERS) {
  const prefix = `${server}_TLS`
  const named = (setting: string, file: string) => ({ path: file, setting: `${prefix}_${setting}` })

  serialTestWith(...PROGRAMS)(
    `${server}: what is wrong with certificates is one sentence`,
    async (t) => {
      t.timeout(180_000)
      const world = await theWorld()
      const { ca, other, node } = world.papers.files
      const url = world.url(server)
      const right: TlsFiles = {
        prefix,
        ca: named('CA', ca.cert),
        cert: named('CERT', node.cert),
        key: named('KEY', node.key),
      }
      await says(t, server, [url, right], /^$/)
      const wrongs: [TlsFiles, RegExp][] = [
        [{ ...right, ca: named('CA', other.cert) }, new RegExp(`no authority .* ${prefix}_CA`)],
        [{ ...right, ca: undefined }, new RegExp(`no authority .* ${prefix}_CA`)],
        [
          { ...right, serverName: 'db.example' },
          new RegExp(`another name .*${prefix}_SERVER_NAME`),
        ],
      ]
      for (const [tls, sentence] of wrongs) await says(t, server, [url, tls], sentence)
      await says(t, server, [world.url(server, 'expired'), right], /certificate that has expired$/)
    },
  )
}

serialTestWith(...PROGRAMS)(
  'a NATS server that wants a certificate is told from one that hangs',
  async (t) => {
    const world = await theWorld()
    const { ca } = world.papers.files
    const url = world.url('NATS')
    const tls = { prefix: 'NATS_TLS', ca: { path: ca.cert, setting: 'NATS_TLS_CA' } }
    await says(t, 'NATS', [url, tls], /it may want a certificate \(NATS_TLS_CERT\)/)
  },
)

serialTestWith('nats')('a NATS server without TLS is told', async (t) => {
  const plain = await NatsService.start()
  t.teardown(() => plain.close())
  const asked: [string, TlsFiles] = [URLS.NATS(plain.port), { prefix: 'NATS_TLS' }]
  await says(t, 'NATS', asked, /does not speak TLS there/)
})

test('a file that is missing or is something else is named, with its setting', (t) => {
  const papers = papersIn(temporaryDirectory(t))
  const { node, other } = papers.files
  const nonsense = path.join(papers.directory, 'nonsense')
  writeFileSync(nonsense, 'no certificate')
  const wrongs: [Omit<TlsFiles, 'prefix'>, RegExp][] = [
    [
      { ca: settingOf('CA', '/no/such/file') },
      /^NATS_TLS_CA is "\/no\/such\/file", .* \(ENOENT\)$/,
    ],
    [
      { ca: settingOf('CA', nonsense) },
      /^NATS_TLS_CA is ".*nonsense", which has no certificate in PEM$/,
    ],
    [
      { key: settingOf('KEY', node.cert) },
      /^NATS_TLS_KEY is .* no private key without a password in PEM$/,
    ],
    [
      { cert: settingOf('CERT', node.cert), key: settingOf('KEY', other.key) },
      /^NATS_TLS_CERT and NATS_TLS_KEY cannot be used together: .*key values mismatch/,
    ],
  ]
  for (const [files, sentence] of wrongs) {
    const error = t.throws(() => readTlsFiles({ prefix: 'NATS_TLS', ...files }))
    t.true(error instanceof StartError)
    t.regex(error.message, sentence)
  }
})

function settingOf(word: string, file: string) {
  return { path: file, setting: `NATS_TLS_${word}` }
}
