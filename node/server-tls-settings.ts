/**
 * The settings of TLS to the servers of a cluster: certificates in files, the same four words for each server.
 *
 * Part of the one list in `config.ts`. Whether TLS is spoken says the server's URL alone; what is set here beside
 * a URL without TLS is refused, so that nobody takes a plain connection for a safe one. One authority, and
 * one certificate of a node, mostly serve for all servers (`TINYGRID_SERVERS_TLS_*`); what a server has of its
 * own goes before that.
 */
import type { TlsFile, TlsFiles } from '../links/tls-files.ts'
import { ConfigError, matching, text } from './setting.ts'

const SERVERS = ['NATS', 'MONGO', 'REDIS', 'CLICKHOUSE'] as const

/** Which server the settings are of. */
export type TlsServer = (typeof SERVERS)[number]

const ALL = 'TINYGRID_SERVERS_TLS'
const WORDS = {
  CA: 'file (PEM) of the authorities that may have signed its certificate; by default those of Node',
  CERT: "file (PEM) of this node's certificate, where the server asks for one",
  KEY: 'file (PEM) of the key of that certificate',
} as const

const FOR_ALL = 'for all servers that have none of their own: '

type Name = `${TlsServer}_TLS_${keyof typeof WORDS}` | `${typeof ALL}_${keyof typeof WORDS}`

const file = (name: Name, about: string) => text(name, { about })
const serverName = (name: `${TlsServer}_TLS_SERVER_NAME`) =>
  matching(name, isServerName, 'the name of a host', {
    about: "what its certificate must be for; by default the URL's host",
  })

export const SERVER_TLS_SETTINGS = {
  serversTlsCa: file(`${ALL}_CA`, FOR_ALL + WORDS.CA),
  serversTlsCert: file(`${ALL}_CERT`, FOR_ALL + WORDS.CERT),
  serversTlsKey: file(`${ALL}_KEY`, FOR_ALL + WORDS.KEY),
  natsTlsCa: file('NATS_TLS_CA', WORDS.CA),
  natsTlsCert: file('NATS_TLS_CERT', WORDS.CERT),
  natsTlsKey: file('NATS_TLS_KEY', WORDS.KEY),
  natsTlsServerName: serverName('NATS_TLS_SERVER_NAME'),
  mongoTlsCa: file('MONGO_TLS_CA', WORDS.CA),
  mongoTlsCert: file('MONGO_TLS_CERT', WORDS.CERT),
  mongoTlsKey: file('MONGO_TLS_KEY', WORDS.KEY),
  mongoTlsServerName: serverName('MONGO_TLS_SERVER_NAME'),
  redisTlsCa: file('REDIS_TLS_CA', WORDS.CA),
  redisTlsCert: file('REDIS_TLS_CERT', WORDS.CERT),
  redisTlsKey: file('REDIS_TLS_KEY', WORDS.KEY),
  redisTlsServerName: serverName('REDIS_TLS_SERVER_NAME'),
  clickhouseTlsCa: file('CLICKHOUSE_TLS_CA', WORDS.CA),
  clickhouseTlsCert: file('CLICKHOUSE_TLS_CERT', WORDS.CERT),
  clickhouseTlsKey: file('CLICKHOUSE_TLS_KEY', WORDS.KEY),
  clickhouseTlsServerName: serverName('CLICKHOUSE_TLS_SERVER_NAME'),
} as const

/** All may be left out. */
export type ServerTlsSetting = keyof typeof SERVER_TLS_SETTINGS

export type ServerTlsValues = Readonly<Partial<Record<ServerTlsSetting, string | undefined>>>

interface Urls {
  readonly natsUrl?: string | undefined
  readonly mongoUrl?: string | undefined
  readonly redisUrl?: string | undefined
  readonly clickHouseUrl?: string | undefined
}

/** A name goes into the handshake, where an address must not stand. */
function isServerName(value: string): boolean {
  return (
    value.length < 254 && /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(value) && !/^[\d.]+$/.test(value)
  )
}

/** What there is for one server. */
export function serverTlsOf(values: ServerTlsValues, server: TlsServer): TlsFiles {
  const own = ownOf(values, server)
  const hasPair = own.cert !== undefined || own.key !== undefined
  const pair = hasPair ? own : allOf(values)
  const { ca = allOf(values).ca } = own
  return { ...own, ca, cert: pair.cert, key: pair.key }
}

/** @throws ConfigError if a file has no counterpart, or a server's URL does not ask for TLS */
export function checkServerTls(values: ServerTlsValues & Urls): void {
  checkPairing(allOf(values))
  for (const server of SERVERS) {
    const own = ownOf(values, server)
    checkPairing(own)
    const setting = (own.ca ?? own.cert)?.setting ?? nameSetting(own)
    if (setting !== undefined && !asksForTls(values, server)) {
      throw new ConfigError(
        `${setting} is set, but ${server}_URL does not ask for TLS (${HOW[server]})`,
      )
    }
  }
  const { ca, cert } = allOf(values)
  const setting = (ca ?? cert)?.setting
  if (setting !== undefined && !SERVERS.some((server) => asksForTls(values, server))) {
    throw new ConfigError(`${setting} is set, but the URL of no server asks for TLS`)
  }
}

const HOW: Readonly<Record<TlsServer, string>> = {
  NATS: 'tls://host',
  MONGO: 'mongodb://host/?tls=true',
  REDIS: 'rediss://host',
  CLICKHOUSE: 'https://host',
}

function asksForTls(urls: Urls, server: TlsServer): boolean {
  const { natsUrl = '', mongoUrl = '', redisUrl = '', clickHouseUrl = '' } = urls
  if (server === 'NATS') return natsUrl.split(',').some((url) => url.trim().startsWith('tls://'))
  if (server === 'REDIS') return redisUrl.startsWith('rediss://')
  if (server === 'CLICKHOUSE') return clickHouseUrl.startsWith('https://')
  return mongoUrl.startsWith('mongodb+srv://') || /[?&](tls|ssl)=true(&|$)/.test(mongoUrl)
}

function checkPairing({ cert, key, prefix }: TlsFiles): void {
  if ((cert === undefined) === (key === undefined)) return
  const [has, lacks] = cert === undefined ? ['KEY', 'CERT'] : ['CERT', 'KEY']
  throw new ConfigError(`${prefix}_${has} is set, but ${prefix}_${lacks} is not: both or none`)
}

function nameSetting({ prefix, serverName: name }: TlsFiles): string | undefined {
  return name === undefined ? undefined : `${prefix}_SERVER_NAME`
}

function allOf(values: ServerTlsValues): TlsFiles {
  return {
    prefix: ALL,
    ca: fileOf(values, 'serversTlsCa'),
    cert: fileOf(values, 'serversTlsCert'),
    key: fileOf(values, 'serversTlsKey'),
  }
}

function ownOf(values: ServerTlsValues, server: TlsServer): TlsFiles {
  const start = server.toLowerCase() as Lowercase<TlsServer>
  return {
    prefix: `${server}_TLS`,
    ca: fileOf(values, `${start}TlsCa`),
    cert: fileOf(values, `${start}TlsCert`),
    key: fileOf(values, `${start}TlsKey`),
    serverName: values[`${start}TlsServerName`],
  }
}

function fileOf(values: ServerTlsValues, key: ServerTlsSetting): TlsFile | undefined {
  const given = values[key]
  return given === undefined ? undefined : { path: given, setting: SERVER_TLS_SETTINGS[key].name }
}
