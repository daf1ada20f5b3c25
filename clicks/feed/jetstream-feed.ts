/**
 * The stream of the feed in NATS JetStream: `TINYGRID_FEED`, with the one subject `tinygrid.feed.clicks`.
 *
 * Made and fitted to the settings by whoever has the lead. It holds what the click log holds: as long, so that
 * rows are dropped after the clicks that they were made of, and never told again; and as many bytes. A message is
 * lines of JSON under the place of its first row, as its `Nats-Msg-Id`, with the rows' schema beside it. What
 * somebody else has put there is passed over.
 */
import {
  DiscardPolicy,
  headers,
  NatsError,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
  type StoredMsg,
} from 'nats'
import { namesOf } from '../../cluster/nats/namespace.ts'
import { isConnected } from '../../cluster/nats/nats-connection.ts'
import { TinygridError } from '../../links/errors.ts'
import { configOf, makeStream, type Wanted } from '../../persistence/log/jetstream-streams.ts'
import { ROW_SCHEMA, type Rows, type RowsPlace } from './click-row.ts'
import type { FeedEnd, FeedStream } from './feed-stream.ts'

export interface JetStreamFeedSettings {
  readonly namespace: string
  /** Of the stream; 1, 3 or 5. */
  readonly replicas: number
  /** Bytes that the stream may hold. */
  readonly bytesMax: number
  /** How long rows are held, in milliseconds: not shorter than the click log holds clicks. */
  readonly ageMaxMs: number
}

const REQUEST_TIMEOUT_MS = 2_000
/** Messages of somebody else behind the last rows that are passed over. */
const FOREIGN_MAX = 1_000
const SCHEMA = 'Tinygrid-Schema'
const PLACE = /^(\d{1,15})-(\d{1,9})$/
/** How long the server knows a message's id; behind it the expected sequence keeps rows from coming twice. */
const DUPLICATE_WINDOW_MS = 2 * 60_000
const NS_PER_MS = 1e6
/** Answers of the server, by its list of error codes. */
const NO_MESSAGE = 10037

export class JetStreamFeed implements FeedStream {
  readonly #connection: NatsConnection
  readonly #settings: JetStreamFeedSettings
  readonly #client: JetStreamClient
  readonly #stream: string
  readonly #subject: string
  #manager: Promise<JetStreamManager> | undefined

  /** @param connection stays its owner's: it is not closed here */
  constructor(connection: NatsConnection, settings: JetStreamFeedSettings) {
    const { feedStream, feedSubject } = namesOf(settings.namespace)
    this.#connection = connection
    this.#settings = settings
    this.#client = connection.jetstream({ timeout: REQUEST_TIMEOUT_MS })
    this.#stream = feedStream
    this.#subject = feedSubject
  }

  async end(): Promise<FeedEnd> {
    return this.#guarded(async () => {
      const manager = await this.#api()
      // It may have been removed.
      await fit(manager, this.#settings)
      const { state } = await manager.streams.info(this.#stream)
      const { first_seq: first, last_seq: last, messages } = state
      if (messages === 0) return { sequence: last, told: undefined }
      for (let sequence = last; sequence >= first && last - sequence < FOREIGN_MAX; sequence--) {
        const told = placeOf(await this.#message(manager, sequence))
        if (told !== undefined) return { sequence: last, told }
      }
      if (last - first < FOREIGN_MAX) return { sequence: last, told: undefined }
      throw new Error(`the last ${FOREIGN_MAX} messages of ${this.#stream} are no rows`)
    })
  }

  async add({ place, text }: Rows, after: number): Promise<number> {
    return this.#guarded(async () => {
      // Otherwise the driver would keep it and send it later, whatever has become of it by then.
      if (!isConnected(this.#connection)) throw new Error('the connection to NATS is down')
      const about = headers()
      about.set(SCHEMA, ROW_SCHEMA)
      const { seq } = await this.#client.publish(this.#subject, text, {
        headers: about,
        msgID: `${place.position}-${place.index}`,
        expect: { lastSequence: after },
      })
      return seq
    })
  }

  #api(): Promise<JetStreamManager> {
    const api = { checkAPI: false, timeout: REQUEST_TIMEOUT_MS }
    return (this.#manager ??= this.#connection.jetstreamManager(api))
  }

  async #message(manager: JetStreamManager, sequence: number): Promise<StoredMsg | undefined> {
    try {
      return await manager.streams.getMessage(this.#stream, { seq: sequence })
    } catch (error) {
      // Somebody has deleted it.
      if (error instanceof NatsError && error.api_error?.err_code === NO_MESSAGE) return undefined
      throw error
    }
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw new TinygridError('click_log_unavailable', { cause })
    }
  }
}

/** Where the rows of a message begin; undefined: it has none. */
function placeOf(message: StoredMsg | undefined): RowsPlace | undefined {
  if (message?.header.get(SCHEMA) !== ROW_SCHEMA) return undefined
  const [, position, index] = PLACE.exec(message.header.get('Nats-Msg-Id')) ?? []
  if (position === undefined) return undefined
  return { position: Number(position), index: Number(index) }
}

async function fit(manager: JetStreamManager, settings: JetStreamFeedSettings): Promise<void> {
  const wanted = configFor(settings)
  const config = (await configOf(manager, wanted.name)) ?? (await makeStream(manager, wanted))
  const isAsWanted =
    config.max_bytes === wanted.max_bytes &&
    config.max_age === wanted.max_age &&
    config.num_replicas === wanted.num_replicas
  if (!isAsWanted) await manager.streams.update(wanted.name, { ...config, ...wanted })
}

function configFor({ namespace, replicas, bytesMax, ageMaxMs }: JetStreamFeedSettings): Wanted {
  const { feedStream, feedSubject } = namesOf(namespace)
  return {
    name: feedStream,
    subjects: [feedSubject],
    description: `Clicks as rows: lines of JSON, ${ROW_SCHEMA}`,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    compression: StoreCompression.S2,
    num_replicas: replicas,
    max_bytes: bytesMax,
    max_age: ageMaxMs * NS_PER_MS,
    duplicate_window: Math.min(DUPLICATE_WINDOW_MS, ageMaxMs) * NS_PER_MS,
    allow_direct: true,
  }
}
