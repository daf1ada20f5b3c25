/**
 * The stream that the click log of a cluster is kept in: made if need be, fitted to the settings.
 *
 * Used by `jetstream-click-log.ts`. Past its bounds of age and bytes the stream drops the oldest batches
 * by itself. A stream that was lost, or removed to make room, is made anew: clicks are not worth a node
 * that does not start. Its first position is the time then, in milliseconds, so that positions rise across
 * that: no cluster logs a thousand batches a second for years.
 */
import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type JetStreamManager,
  type StreamConfig,
} from 'nats'
import { namesOf } from '../../cluster/nats/namespace.ts'
import { ClusterDataError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import {
  configOf,
  makeStream,
  patiently,
  type Wanted,
} from '../../persistence/log/jetstream-streams.ts'

/** Clicks, or what is kept in the same way in a stream of its own: changes that are audited. */
export type StreamContent = 'clicks' | 'audit'

export interface ClickStreamSettings {
  readonly namespace: string
  /** Clicks, if it is left out. */
  readonly content?: StreamContent
  /** Of the stream; 1, 3 or 5. */
  readonly replicas: number
  /** Bytes that the stream may hold, for all nodes. */
  readonly bytesMax: number
  /** How long a batch is held, in milliseconds. */
  readonly ageMaxMs: number
  /** Of the cluster that the stream has to be of. */
  readonly identity: string
  readonly now: () => EpochMs
}

interface ContentNames {
  readonly stream: string
  readonly subjects: string
  readonly subject: (node: string) => string
  readonly description: string
}

/** What a content is called in NATS. */
export function contentNames(namespace: string, content: StreamContent = 'clicks'): ContentNames {
  const names = namesOf(namespace)
  return content === 'audit'
    ? {
        stream: names.auditStream,
        subjects: names.auditSubjects,
        subject: (node) => names.auditSubject(node),
        description: 'Who has changed what, one subject per node',
      }
    : {
        stream: names.clicksStream,
        subjects: names.clicksSubjects,
        subject: (node) => names.clicksSubject(node),
        description: 'Clicks as they were noted, one subject per node',
      }
}

const FORMAT = '1'
/** How long the server knows an id. A batch that is tried again later is looked for. */
export const DUPLICATE_WINDOW_MS = 5 * 60_000
const NS_PER_MS = 1e6

/** Waits while servers elect. @throws StartError */
export async function openClickStream(
  manager: JetStreamManager,
  settings: ClickStreamSettings,
): Promise<void> {
  const { stream } = contentNames(settings.namespace, settings.content)
  await patiently(stream, () => fitClickStream(manager, settings))
}

/** One attempt. @throws NatsError, or ClusterDataError if it is somebody else's */
export async function fitClickStream(
  manager: JetStreamManager,
  settings: ClickStreamSettings,
): Promise<void> {
  const wanted = configFor(settings)
  const found = await configOf(manager, wanted.name)
  const config = found ?? (await makeStream(manager, { ...wanted, first_seq: settings.now() }))
  check(config, wanted)
  const isAsWanted =
    config.max_bytes === wanted.max_bytes &&
    config.max_age === wanted.max_age &&
    config.num_replicas === wanted.num_replicas
  if (!isAsWanted) await manager.streams.update(wanted.name, { ...config, ...wanted })
}

function configFor(settings: ClickStreamSettings): Wanted {
  const { namespace, replicas, bytesMax, ageMaxMs, identity } = settings
  const { stream, subjects, description } = contentNames(namespace, settings.content)
  return {
    name: stream,
    subjects: [subjects],
    description,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    compression: StoreCompression.None,
    num_replicas: replicas,
    max_bytes: bytesMax,
    max_age: ageMaxMs * NS_PER_MS,
    duplicate_window: Math.min(DUPLICATE_WINDOW_MS, ageMaxMs) * NS_PER_MS,
    allow_direct: true,
    metadata: { 'tinygrid-format': FORMAT, 'tinygrid-identity': identity },
  }
}

function check({ name, metadata }: StreamConfig, wanted: Wanted): void {
  for (const [key, value] of Object.entries(wanted.metadata!)) {
    const found = metadata?.[key]
    if (found === value) continue
    throw new ClusterDataError(
      `The stream ${name} says ${key} ${found ?? 'nowhere'}, and has to say ${value}: it is not this ` +
        "cluster's, or of another version; remove it, or set another TINYGRID_NAMESPACE",
    )
  }
}
