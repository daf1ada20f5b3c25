/**
 * The settings: the only reader of the environment, into which flags and the file of settings have been put
 * where there are some (`node/program-options.ts`).
 *
 * Every setting is listed here once with what it takes and what it is for; they are parsed and
 * checked together at the start, derived where one follows from another, and frozen. A wrong value
 * is a ConfigError whose message is one line.
 */
import os from 'node:os'
import { randomBytes } from 'node:crypto'
import { CONNECTION_BYTES_MAX, GATEWAY_DEFAULTS } from './gateway/gateway-settings.ts'
import { parseOrigin } from './gateway/http/cross-origin.ts'
import type { GatewaySettings } from './gateway/gateway-settings.ts'
import { CLICK_SETTINGS } from './node/click-settings.ts'
import { checkClusterSettings, CLUSTER_SETTINGS } from './node/cluster-settings.ts'
import { API_KEY_PATTERN, API_KEY_TAKES } from './persistence/data-directory/api-key-file.ts'
import type { NodeId } from './links/ids.ts'
import type { RedirectStatus } from './links/link.ts'
import { machineMemoryBytes } from './links/machine-memory.ts'
import { nearestName } from './links/nearest-name.ts'
import { isPartitionCount, PARTITIONS_MAX, PARTITIONS_MIN } from './links/ring.ts'
import { checkDomainSettings, DOMAIN_SETTINGS, wholeDomains } from './node/domain-settings.ts'
import { LINK_SETTINGS } from './node/link-settings.ts'
import { LOG_SETTINGS } from './node/log-settings.ts'
import { ACCESS_SETTINGS, checkAccess, type OptionalAccess } from './node/sign-in-settings.ts'
import { checkTls, TLS_SETTINGS, type OptionalTlsSetting } from './node/own-tls-settings.ts'
import { checkVisitorSettings, VISITOR_SETTINGS } from './node/visitor-settings.ts'
import { withSecretFiles } from './node/secret-files.ts'
import { FILE_VARIABLE } from './node/settings-file.ts'
import {
  baseUrl,
  bytes,
  ConfigError,
  flag,
  integer,
  listSetting,
  readSetting,
  text,
  type Setting,
} from './node/setting.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Compared with each request's. */
const CORS_ORIGINS_MAX = 100

const SETTINGS = {
  port: integer('PORT', {
    fallback: '3000',
    min: 0,
    max: 65_535,
    about: 'port to listen on; 0 picks a free one',
  }),
  host: text('HOST', { fallback: '127.0.0.1', about: 'address to listen on; 0.0.0.0 for all' }),
  dataDir: text('TINYGRID_DATA_DIR', { fallback: './data', about: 'where everything is kept' }),
  baseUrl: baseUrl('TINYGRID_BASE_URL', {
    about: 'what short links start with; by default the address that the client used',
  }),
  ...DOMAIN_SETTINGS,
  apiKey: text('TINYGRID_API_KEY', {
    isSecret: true,
    pattern: API_KEY_PATTERN,
    takes: API_KEY_TAKES,
    about: 'key to the API; by default one is made and kept in the data directory',
  }),
  corsOrigins: listSetting('TINYGRID_CORS_ORIGINS', {
    itemsMax: CORS_ORIGINS_MAX,
    parseItem: parseOrigin,
    takes:
      `1 to ${CORS_ORIGINS_MAX} origins such as https://app.example.com, separated by commas and without a ` +
      'path, or * for all',
    about: 'origins whose web pages may call the API (CORS); none by default',
  }),
  publicCreate: flag('TINYGRID_PUBLIC_CREATE', {
    fallback: 'false',
    about: 'whether links can be created one by one without a key',
  }),
  rateLimit: integer('TINYGRID_RATE_LIMIT', {
    fallback: '60',
    min: 1,
    max: 1_000_000,
    unit: 'requests per minute and address',
    about: 'limit for requests without a valid key',
  }),
  trustProxy: flag('TINYGRID_TRUST_PROXY', {
    fallback: 'false',
    about: 'whether a reverse proxy in front sets X-Forwarded-For',
  }),
  ...LINK_SETTINGS,
  ...ACCESS_SETTINGS,
  partitions: integer('TINYGRID_PARTITIONS', {
    fallback: '256',
    min: PARTITIONS_MIN,
    max: PARTITIONS_MAX,
    unit: 'a power of two',
    about: 'number of partitions, fixed when the data directory is made',
  }),
  memoryBytesMax: bytes('TINYGRID_MEMORY_MAX', {
    min: '16MB',
    max: '1024GB',
    about: 'memory for links; by default half of what the machine has',
  }),
  dirtyBytesMax: bytes('TINYGRID_DIRTY_MAX', {
    fallback: '256MB',
    min: '1MB',
    max: '64GB',
    about: 'writes that may wait for the store; beyond it writes answer 503',
  }),
  logBytesMax: bytes('TINYGRID_LOG_MAX', {
    fallback: '1GB',
    min: '1MB',
    max: '256GB',
    about: 'bytes that the log may hold',
  }),
  connectionsMax: integer('TINYGRID_CONNECTIONS_MAX', {
    min: 1,
    max: 1_000_000,
    about:
      'open client connections; by default one for each 128 KB in an eighth of the memory, ' +
      'from 100 to 20000',
  }),
  fastPath: flag('TINYGRID_FAST_PATH', {
    fallback: 'true',
    about: 'whether plain redirects are answered in front of the HTTP server',
  }),
  stopTimeoutMs: integer('TINYGRID_STOP_TIMEOUT', {
    fallback: '10000',
    min: 100,
    max: 600_000,
    unit: 'milliseconds',
    about: 'how long a stop may wait for requests and for the store',
  }),
  stopDelayMs: integer('TINYGRID_STOP_DELAY', {
    fallback: '0',
    min: 0,
    max: 120_000,
    unit: 'milliseconds',
    about: 'how long a stop takes new requests yet, for load balancers that ask /health/ready',
  }),
  ...CLUSTER_SETTINGS,
  ...TLS_SETTINGS,
  ...CLICK_SETTINGS,
  ...VISITOR_SETTINGS,
  geoipFile: text('TINYGRID_GEOIP_FILE', {
    about: 'MaxMind file of countries or cities (MMDB); by default the packaged one',
  }),
  geoipAsnFile: text('TINYGRID_GEOIP_ASN_FILE', {
    about: 'MaxMind file of networks (ASN, MMDB); by default the packaged one',
  }),
  ...LOG_SETTINGS,
  nodeId: text('TINYGRID_NODE_ID', {
    pattern: /^[A-Za-z0-9_-]{1,64}$/,
    takes: '1 to 64 characters of A-Z a-z 0-9 _ -',
    about: 'name of this node; by default the host name and a random part',
  }),
} as const

/**
 * Connections may take an eighth of the memory, each as much as a client can make it hold; answers that
 * nobody reads a sixteenth.
 */
const CONNECTIONS_SHARE = 8
const UNREAD_SHARE = 16
const CONNECTIONS_DEFAULT = { min: 100, max: 20_000 }
const UNREAD_BYTES_DEFAULT = { min: 16 * 2 ** 20, max: 256 * 2 ** 20 }

type Values = {
  readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends Setting<infer T>
    ? T | undefined
    : never
}
type Optional =
  | OptionalTlsSetting
  | 'baseUrl'
  | 'domains'
  | OptionalAccess
  | 'corsOrigins'
  | 'interfaces'
  | 'apiKey'
  | 'natsUrl'
  | 'natsSystemUrl'
  | 'mongoUrl'
  | 'redisUrl'
  | 'fallbackUrl'
  | 'geoipFile'
  | 'geoipAsnFile'
  | 'reportsDir'
  | 'clickHouseUrl'
type Defaulted = Exclude<keyof Values, Optional>

/** All settings, with what is derived for those left out. */
export type Config = Readonly<Pick<Values, Optional>> & {
  readonly [K in Exclude<Defaulted, 'nodeId'>]: NonNullable<Values[K]>
} & { readonly nodeId: NodeId }

/** All settings in the order in which they are told. */
export const SETTINGS_LIST: readonly Setting<unknown>[] = Object.values<Setting<unknown>>(SETTINGS)

/** By the variable, what became of the setting. */
export function valuesOf(config: Config): ReadonlyMap<string, unknown> {
  const keys = Object.entries<Setting<unknown>>(SETTINGS)
  return new Map(keys.map(([key, { name }]) => [name, config[key as keyof Config]]))
}

/** @throws ConfigError */
export function readConfig(given: Env): Config {
  const env = withSecretFiles(SETTINGS_LIST, given)
  refuseUnknownSettings(env)
  const entries = Object.entries<Setting<unknown>>(SETTINGS)
  const values = Object.fromEntries(
    entries.map(([key, setting]) => [key, readSetting(setting, env)]),
  ) as Values
  if (!isPartitionCount(values.partitions!)) {
    const takes = `a power of two from ${PARTITIONS_MIN} to ${PARTITIONS_MAX}`
    throw new ConfigError(`TINYGRID_PARTITIONS is "${values.partitions}", but must be ${takes}`)
  }
  const memory = machineMemoryBytes()
  const memoryBytesMax = values.memoryBytesMax ?? Math.floor(memory / 2)
  const connectionsMax =
    values.connectionsMax ??
    within(CONNECTIONS_DEFAULT, memory / CONNECTIONS_SHARE / CONNECTION_BYTES_MAX)
  const nodeId = values.nodeId ?? makeNodeId()
  const config = Object.freeze({ ...values, memoryBytesMax, connectionsMax, nodeId } as Config)
  checkClusterSettings(config)
  checkTls(config)
  checkVisitorSettings(config)
  checkDomainSettings(config)
  checkAccess(config)
  return config
}

/** What commands read that call a server, and the name of the file of settings: no settings, and no mistakes. */
const COMMAND_VARIABLES = ['TINYGRID_URL', FILE_VARIABLE]

/** A misspelt setting would otherwise be a default that nobody asked for. */
function refuseUnknownSettings(env: Env): void {
  const names = SETTINGS_LIST.map(({ name }) => name)
  const known = new Set([...names, ...COMMAND_VARIABLES])
  const unknown = Object.keys(env).find((name) => name.startsWith('TINYGRID_') && !known.has(name))
  if (unknown === undefined) return
  const meant = nearestName(unknown, names)
  const question = meant === undefined ? '' : ` (did you mean ${meant}?)`
  throw new ConfigError(`${unknown} is not a setting; see --help${question}`)
}

/** A whole number within bounds. */
function within({ min, max }: { min: number; max: number }, value: number): number {
  return Math.min(max, Math.max(min, Math.floor(value)))
}

/** New at each start, because a node is one process from its start to its end. */
function makeNodeId(): string {
  const host = os.hostname().replaceAll(/[^A-Za-z0-9_-]/g, '-')
  return `${host.slice(0, 48)}-${randomBytes(4).toString('hex')}`
}

/** A URL whose every character is escaped, and as much for all else that a link may have. */
const BODY_BYTES_PER_URL_BYTE = 3

/** What of the settings concerns the gateway, over its defaults. */
export function gatewaySettingsOf(config: Config): GatewaySettings {
  const { host, port, baseUrl: base, trustProxy, accessLog, publicCreate, fastPath } = config
  const { aliasLengthMax, codeLength, connectionsMax, rateLimit, ipPrivacy } = config
  const { codeCase, targetSchemes: schemes, urlBytesMax } = config
  const { forwardQuery, redirectStatus, robots, fallbackUrl, hstsSeconds } = config
  return Object.freeze({
    ...GATEWAY_DEFAULTS,
    host,
    port,
    baseUrl: base,
    domains: wholeDomains(config.domains, config),
    trustProxy,
    accessLog,
    ipPrivacy,
    corsOrigins: config.corsOrigins ?? [],
    interfaces: config.interfaces ?? [],
    publicCreate,
    fastPath,
    targets: Object.freeze({ schemes, bytesMax: urlBytesMax }),
    fallbackUrl,
    redirectStatus: Number(redirectStatus) as RedirectStatus,
    robots,
    hstsSeconds,
    forwardQuery: forwardQuery === 'override' ? forwardQuery : forwardQuery === 'true',
    bodyBytesMax: Math.max(GATEWAY_DEFAULTS.bodyBytesMax, BODY_BYTES_PER_URL_BYTE * urlBytesMax),
    codeCase,
    aliasLengthMax,
    codeLength,
    connectionsMax,
    unreadBytesMax: within(UNREAD_BYTES_DEFAULT, machineMemoryBytes() / UNREAD_SHARE),
    unkeyedCreatesPerMinuteMax: rateLimit,
  })
}
