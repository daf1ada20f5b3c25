/**
 * The settings that a cluster keeps for life, and who it is: written by its first node, checked by
 * every later one before it takes its lease.
 *
 * The number of partitions decides in which partition's log and store range a link lies, and that of
 * the log's streams where that partition's log is; a node that counts otherwise would look for links
 * where they are not. Whether case matters in codes decides which links there can be. With one stream the settings are written as they were before there could be
 * several; with more they have a newer format, which an older program refuses and leaves alone.
 *
 * The identity, a random word, stands in all three places that hold the cluster's data: here, in the
 * log's stream and in MongoDB. One of them that is new, or another cluster's, beside the others would
 * make them lie: a lost stream beside an old MongoDB opens every partition as never written to, and
 * each link is a 404. So besides the identity is kept which parts were made: one that was made and is
 * not there is lost, and nobody makes it anew.
 *
 *   1. node A finds no stream    2. node B makes it and notes so    3. A reads the note: is it lost?
 *
 * Hence whoever opens a part reads the note first and looks for the part then; nothing is written to
 * a part before it is noted. Of several first nodes one writes the settings, the others take them.
 */
import { randomBytes } from 'node:crypto'
import { CODE_CASES, type CodeCase } from '../../links/code-case.ts'
import { pause, systemClock } from '../../links/clock.ts'
import { hasCode, ClusterDataError } from '../../links/errors.ts'
import { isPartitionCount } from '../../links/ring.ts'
import type { KeyValue } from '../membership/key-value.ts'
import { fieldsOf, isCount, Malformed, must, STORED_FORMAT } from '../stored-value.ts'
import { isLogStreamCount } from './log-names.ts'

/** What holds the cluster's data besides the bucket. */
export type DataPart = 'log' | 'store'

/** What a part has to know to tell whether it is this cluster's. */
export interface DataIdentity {
  readonly identity: string
  /** Read it before the part is looked for. @throws TinygridError key_value_unavailable */
  wasMade(part: DataPart): Promise<boolean>
  /** The part is there, with this identity. @throws TinygridError key_value_unavailable */
  noteMade(part: DataPart): Promise<void>
}

export interface ClusterSettingsOptions {
  readonly keyValue: KeyValue
  readonly partitions: number
  readonly logStreams: number
  /** 'sensitive' if left out. */
  readonly codeCase?: CodeCase
  /** Whether a stream of the log was there before the bucket was looked into; its name. */
  readonly logStream: string | undefined
  readonly newIdentity?: () => string
}

interface StoredSettings {
  readonly partitions: number
  readonly logStreams: number
  readonly codeCase: CodeCase
  readonly identity: string
  readonly made: readonly DataPart[]
}

const SETTINGS_KEY = 'settings'
/** The one in which the number of the log's streams is told. */
const STREAMS_FORMAT = 2
/** And in which it is told that case does not matter in codes. */
const CASE_FORMAT = 3
const REMEDY = "Restore NATS's data as one"
const IDENTITY_BYTES = 16
const IDENTITY_PATTERN = /^[\w-]{1,64}$/
/** How often a note meets the note of another node. */
const ATTEMPTS_MAX = 20
const ATTEMPT_PAUSE_MS = 20

export class ClusterSettings implements DataIdentity {
  readonly identity: string
  readonly #keyValue: KeyValue
  /** Parts known to be made. None is ever taken back. */
  readonly #made: Set<DataPart>

  private constructor(keyValue: KeyValue, { identity, made }: StoredSettings) {
    this.identity = identity
    this.#keyValue = keyValue
    this.#made = new Set(made)
  }

  /** @throws ClusterDataError if the cluster is another one, TinygridError key_value_unavailable */
  static async open(options: ClusterSettingsOptions): Promise<ClusterSettings> {
    const { keyValue, partitions, logStreams, codeCase = 'sensitive' } = options
    const stored = (await read(keyValue)) ?? (await begin(options))
    refuseOther('TINYGRID_PARTITIONS', partitions, stored.partitions)
    refuseOther('TINYGRID_LOG_STREAMS', logStreams, stored.logStreams)
    refuseOther('TINYGRID_CODE_CASE', codeCase, stored.codeCase)
    return new ClusterSettings(keyValue, stored)
  }

  async wasMade(part: DataPart): Promise<boolean> {
    if (!this.#made.has(part)) this.#learn((await this.#readOwn()).stored)
    return this.#made.has(part)
  }

  async noteMade(part: DataPart): Promise<void> {
    for (let attempt = 1; !this.#made.has(part); attempt++) {
      const { stored, revision } = await this.#readOwn()
      this.#learn(stored)
      if (this.#made.has(part)) return
      try {
        const value = textOf({ ...stored, made: [...stored.made, part].sort() })
        await this.#keyValue.update(SETTINGS_KEY, value, revision)
        this.#made.add(part)
      } catch (error) {
        await waitAfter(error, attempt)
      }
    }
  }

  #learn({ made }: StoredSettings): void {
    for (const part of made) this.#made.add(part)
  }

  async #readOwn(): Promise<{ stored: StoredSettings; revision: number }> {
    const entry = await this.#keyValue.get(SETTINGS_KEY)
    const stored = entry?.value === undefined ? undefined : parseSettings(entry.value)
    if (stored?.identity === this.identity) return { stored, revision: entry!.revision }
    throw new ClusterDataError(
      `The cluster's key "${SETTINGS_KEY}" was removed or changed while this node ran; ` +
        "restore NATS's data as one, and start the node again",
    )
  }
}

async function read(keyValue: KeyValue): Promise<StoredSettings | undefined> {
  const entry = await keyValue.get(SETTINGS_KEY)
  return entry?.value === undefined ? undefined : parseSettings(entry.value)
}

async function begin(options: ClusterSettingsOptions): Promise<StoredSettings> {
  const { keyValue, partitions, logStreams, logStream, newIdentity = randomIdentity } = options
  const { codeCase = 'sensitive' } = options
  if (logStream !== undefined) {
    throw new ClusterDataError(
      `The cluster's bucket in NATS is new, and the stream ${logStream} is not: the bucket was lost; ` +
        "restore NATS's data as one, or set another TINYGRID_NAMESPACE",
    )
  }
  const own: StoredSettings = {
    partitions,
    logStreams,
    codeCase,
    identity: newIdentity(),
    made: [],
  }
  for (let attempt = 1; ; attempt++) {
    try {
      await keyValue.create(SETTINGS_KEY, textOf(own))
      return own
    } catch (error) {
      // Another first node was faster, and nobody deletes what it wrote.
      const isMet = hasCode(error, 'key_value_conflict')
      const stored = isMet ? await read(keyValue) : undefined
      if (stored !== undefined) return stored
      await waitAfter(error, attempt)
    }
  }
}

/**
 * Waits longer each time: with several copies a write is in the way of others before a majority has
 * it, and is not read until then.
 * @throws the error, if it is no conflict or the last attempt's
 */
async function waitAfter(error: unknown, attempt: number): Promise<void> {
  if (!hasCode(error, 'key_value_conflict') || attempt === ATTEMPTS_MAX) throw error
  await pause(systemClock, attempt * ATTEMPT_PAUSE_MS)
}

function randomIdentity(): string {
  return randomBytes(IDENTITY_BYTES).toString('base64url')
}

function refuseOther<T extends string | number>(setting: string, wanted: T, stored: T): void {
  if (wanted === stored) return
  throw new ClusterDataError(
    `${setting} is ${wanted}, and the cluster was created with ` +
      `${stored}, which cannot change. Set ${setting}=${stored}.`,
  )
}

function textOf({ codeCase, ...stored }: StoredSettings): string {
  const { partitions, logStreams, identity, made } = stored
  if (codeCase !== 'sensitive') {
    return JSON.stringify({ format: CASE_FORMAT, partitions, logStreams, codeCase, identity, made })
  }
  if (logStreams === 1) return JSON.stringify({ format: STORED_FORMAT, partitions, identity, made })
  return JSON.stringify({ format: STREAMS_FORMAT, partitions, logStreams, identity, made })
}

function parseSettings(text: string): StoredSettings {
  try {
    const fields = fieldsOf(text, CASE_FORMAT)
    const { partitions, logStreams = 1, codeCase = 'sensitive', identity, made } = fields
    must(isCount(partitions) && isPartitionCount(partitions), 'it has no number of partitions')
    must(isCount(logStreams) && isLogStreamCount(logStreams), 'it has no number of log streams')
    must(isCodeCase(codeCase), 'it does not say whether case matters')
    must(typeof identity === 'string' && IDENTITY_PATTERN.test(identity), 'it has no identity')
    must(Array.isArray(made) && made.every(isPart), 'it does not say what was made')
    return { partitions, logStreams, codeCase, identity, made }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    const remedy = error.isNewer ? 'Start the version that made it, or a newer one' : REMEDY
    throw new ClusterDataError(
      `The cluster's key "${SETTINGS_KEY}" in NATS holds no settings: ${error.message}. ${remedy}.`,
    )
  }
}

function isCodeCase(value: unknown): value is CodeCase {
  return CODE_CASES.some((codeCase) => codeCase === value)
}

function isPart(value: unknown): value is DataPart {
  return value === 'log' || value === 'store'
}
