/**
 * The streams that the log is kept in: made if need be, and checked against the settings.
 *
 * Used by `jetstream-log.ts` when it opens, by every node at every start, at the same time too.
 * What was fixed when the cluster was made (partitions, format, identity) stands in the stream's
 * metadata and is never changed; a start with other settings is refused, and so is one where streams
 * that were made are gone. Size and replicas follow the settings.
 */
import {
  DiscardPolicy,
  ErrorCode,
  NatsError,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type JetStreamManager,
  type NatsConnection,
  type StreamConfig,
} from 'nats'
import type { DataIdentity } from '../../cluster/nats/cluster-settings.ts'
import { LogNames } from '../../cluster/nats/log-names.ts'
import type { ClusterNames } from '../../cluster/nats/namespace.ts'
import { ClusterDataError, StartError } from '../../links/errors.ts'
import { EPOCH_RESERVE_BYTES } from './log.ts'

export interface StreamSettings {
  readonly names: ClusterNames
  /** Fixed when the cluster is made. */
  readonly partitions: number
  /** Fixed when the cluster is made. */
  readonly logStreams: number
  /** Of each stream; 1, 3 or 5. */
  readonly replicas: number
  /**
   * Bytes that the log may hold, for all nodes, in equal shares of its streams; an append above its
   * stream's is refused with log_full.
   */
  readonly logBytesMax: number
  /** Of the cluster that the streams have to be of. */
  readonly identity: DataIdentity
  /** Of streams of the log that are made now: the first position in them; 1 if left out. */
  readonly firstPosition?: number
}

const FORMAT = 1
/** No message carries an id to compare, so nothing is kept for it; this is the least there is. */
const DUPLICATE_WINDOW_NS = 100e6
/** Of all letters: one per link that the store refused for good, replaced by its newer one. */
const DEAD_LETTER_BYTES_MAX = 64 * 2 ** 20
/** An election among the servers, which may hold up everything, is over by then. */
const OPEN_MS_MAX = 20_000
const OPEN_PAUSE_MS = 250
const FIND_MS_MAX = 2_000
/** What servers say, or do not say, while they elect. */
const PASSING = new Set<string>([ErrorCode.Timeout, ErrorCode.NoResponders])
/** Answers of the server, by its list of error codes. */
const NAME_IN_USE = 10058
const STREAM_NOT_FOUND = 10059

/** @throws ClusterDataError, or StartError if the server cannot keep them as the settings say */
export async function openStreams(
  manager: JetStreamManager,
  settings: StreamSettings,
): Promise<void> {
  const { names, logStreams, replicas, logBytesMax, identity, firstPosition } = settings
  // Before the streams are looked for: another node may make them meanwhile.
  const mayMake = !(await identity.wasMade('log'))
  const common = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    compression: StoreCompression.None,
    num_replicas: replicas,
    duplicate_window: DUPLICATE_WINDOW_NS,
    allow_direct: true,
    deny_purge: false,
    metadata: {
      'tinygrid-format': `${FORMAT}`,
      'tinygrid-partitions': `${settings.partitions}`,
      'tinygrid-identity': identity.identity,
    },
  }
  const share = shareOf(logBytesMax, logStreams)
  const log = {
    ...common,
    description: 'Acknowledged writes, one subject per partition',
    max_bytes: share.bytesMax + share.reserve,
    ...(firstPosition === undefined ? {} : { first_seq: firstPosition }),
  }
  await Promise.all(
    new LogNames(names.namespace, logStreams).all.map(({ stream, subjects }) =>
      openStream(manager, { settings, mayMake }, { ...log, name: stream, subjects: [subjects] }),
    ),
  )
  const letters = { ...common, name: names.deadLetterStream, subjects: [names.deadLetterSubjects] }
  await openStream(
    manager,
    { settings, mayMake },
    {
      ...letters,
      description: 'Links that the store refused for good, one subject per link',
      max_bytes: DEAD_LETTER_BYTES_MAX,
      max_msgs_per_subject: 1,
    },
  )
  await identity.noteMade('log')
}

/** What each of the log's streams may hold: for writes, and above it for epoch records. */
export function shareOf(logBytesMax: number, streams: number) {
  return {
    bytesMax: Math.floor(logBytesMax / streams),
    reserve: Math.floor(EPOCH_RESERVE_BYTES / streams),
  }
}

/**
 * The name of a stream of the log, if there is one; the only stream of a log is looked for whatever
 * the settings say.
 *
 * @throws StartError
 */
export async function findLogStream(
  connection: NatsConnection,
  namespace: string,
  logStreams: number,
): Promise<string | undefined> {
  const counts = logStreams === 1 ? [1] : [1, logStreams]
  const names = counts.flatMap((count) => new LogNames(namespace, count).all)
  const manager = await connection.jetstreamManager({ checkAPI: false, timeout: FIND_MS_MAX })
  const configs = await Promise.all(
    names.map(({ stream }) => patiently(stream, () => configOf(manager, stream))),
  )
  return configs.find((config) => config !== undefined)?.name
}

/**
 * Makes room for epoch records above what the log holds. Owners keep their writes within the bound of
 * the settings by what they know of the log, which is up to a second old; so the reserve too may be
 * full, and only the stream's own bound is in the way.
 */
export async function renewReserve(
  manager: JetStreamManager,
  name: string,
  reserve: number,
): Promise<void> {
  const { config, state } = await manager.streams.info(name)
  const max_bytes = state.bytes + reserve
  if (max_bytes > config.max_bytes) await manager.streams.update(name, { ...config, max_bytes })
}

/** What the stream holds, with what the server adds to each message. */
export async function bytesOf(manager: JetStreamManager, name: string): Promise<number> {
  return (await manager.streams.info(name)).state.bytes
}

export type Wanted = Partial<StreamConfig> & { readonly name: string }

interface Opening {
  readonly settings: StreamSettings
  /** Whether the stream may be new. */
  readonly mayMake: boolean
}

function openStream(manager: JetStreamManager, opening: Opening, wanted: Wanted): Promise<void> {
  return patiently(wanted.name, () => tryToOpen(manager, opening, wanted))
}

/** Tries while servers elect. @throws StartError with what the server says when that is over */
export async function patiently<T>(name: string, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + OPEN_MS_MAX
  while (true) {
    try {
      return await attempt()
    } catch (cause) {
      if (!(cause instanceof NatsError)) throw cause
      // A stream that another node has just asked for is in use before it is found.
      const isPassing = PASSING.has(cause.code) || errorCodeOf(cause) === NAME_IN_USE
      if (isPassing && performance.now() < deadline) {
        await pause()
        continue
      }
      const why = cause.api_error?.description ?? cause.message
      throw new StartError(`The stream ${name} cannot be opened: ${why}`, { cause })
    }
  }
}

async function tryToOpen(
  manager: JetStreamManager,
  { settings, mayMake }: Opening,
  wanted: Wanted,
): Promise<void> {
  //   1. two nodes find no stream    2. one makes it    3. the other's is made already, and checked
  const found = await configOf(manager, wanted.name)
  if (found === undefined && !mayMake) {
    throw new ClusterDataError(
      `The stream ${wanted.name} is gone, and with it what MongoDB does not have yet; restore NATS's ` +
        'data as one, or set another TINYGRID_NAMESPACE for a new cluster',
    )
  }
  const config = found ?? (await makeStream(manager, wanted))
  check(settings, config)
  const isAsWanted =
    config.max_bytes === wanted.max_bytes && config.num_replicas === wanted.num_replicas
  if (!isAsWanted) await manager.streams.update(wanted.name, { ...config, ...wanted })
}

export async function configOf(
  manager: JetStreamManager,
  name: string,
): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config
  } catch (error) {
    if (errorCodeOf(error) === STREAM_NOT_FOUND) return undefined
    throw error
  }
}

export async function makeStream(manager: JetStreamManager, wanted: Wanted): Promise<StreamConfig> {
  try {
    return (await manager.streams.add(wanted)).config
  } catch (error) {
    const made = errorCodeOf(error) === NAME_IN_USE && (await configOf(manager, wanted.name))
    if (made) return made
    throw error
  }
}

function check(
  { names, partitions, identity }: StreamSettings,
  { name, metadata }: StreamConfig,
): void {
  const format = Number(metadata?.['tinygrid-format'])
  const made = Number(metadata?.['tinygrid-partitions'])
  if (!(format >= 1) || !(made >= 1)) {
    throw new ClusterDataError(
      `The stream ${name} is not Tinygrid's; remove it or set another TINYGRID_NAMESPACE ` +
        `than ${names.namespace}`,
    )
  }
  if (format !== FORMAT) {
    throw new ClusterDataError(
      `The stream ${name} has format ${format}, this version knows ${FORMAT}; start its version`,
    )
  }
  if (made !== partitions) {
    throw new ClusterDataError(
      `The stream ${name} was made with ${made} partitions, not ${partitions}; ` +
        `set TINYGRID_PARTITIONS to ${made} or another TINYGRID_NAMESPACE`,
    )
  }
  if (metadata?.['tinygrid-identity'] !== identity.identity) {
    throw new ClusterDataError(
      `The stream ${name} is another cluster's than the bucket ${names.kvBucket}; restore NATS's data ` +
        'as one, or set another TINYGRID_NAMESPACE',
    )
  }
}

async function pause(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, OPEN_PAUSE_MS)
  })
}

function errorCodeOf(error: unknown): number | undefined {
  return error instanceof NatsError ? error.api_error?.err_code : undefined
}
