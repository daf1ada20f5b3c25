/**
 * An object in S3, or in what speaks like it: written in parts as it comes, read as it is asked for.
 *
 * Used by backup and restore, with the variables that all tools of AWS know. Holds one part: eight megabytes at
 * first, twice as many after each 2,000 parts, because there may be 10,000. What fails on the way is tried
 * again; a reading goes on where it was cut off, of the same object only.
 * aws4fetch signs requests: one file without dependencies (MIT). Rejected: `@aws-sdk/client-s3` with
 * `lib-storage`, which brings some 60 packages and 5 MB for these six requests.
 */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { AwsClient } from 'aws4fetch'
import type { BackupSink } from './backup-sink.ts'
import { CommandError } from './command-error.ts'

type Environment = Readonly<Record<string, string | undefined>>

const PLACE = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/
const PART_BYTES = 8 * 2 ** 20
/** After so many the parts are twice as large. */
const PARTS_PER_SIZE = 2_000
const TRIES_MAX = 6
const FIRST_PAUSE_MS = 200
const REQUEST_MS_MAX = 120_000
/** Of what a server says that refuses. */
const REASON_LENGTH_MAX = 200

export function isS3Place(place: string): boolean {
  return place.startsWith('s3://')
}

interface Asked {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer> | string
}

export class S3Object {
  readonly #client: AwsClient
  readonly #url: string
  readonly #place: string

  private constructor(client: AwsClient, url: string, place: string) {
    this.#client = client
    this.#url = url
    this.#place = place
  }

  /** @throws CommandError if it is no place, or there are no credentials */
  static at(place: string, env: Environment): S3Object {
    const found = PLACE.exec(place)
    if (found === null) throw new CommandError(`${place} is no place in S3, s3://bucket/key`)
    const [, bucket, key] = found as unknown as [string, string, string]
    const accessKeyId = env['AWS_ACCESS_KEY_ID']
    const secretAccessKey = env['AWS_SECRET_ACCESS_KEY']
    if (!accessKeyId || !secretAccessKey) {
      throw new CommandError(`Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for ${place}`)
    }
    const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1'
    const token = env['AWS_SESSION_TOKEN']
    const session = token ? { sessionToken: token } : {}
    const about = { accessKeyId, secretAccessKey, ...session, region, service: 's3', retries: 0 }
    const path = key.split('/').map(encodeURIComponent).join('/')
    const endpoint = env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL']
    // Servers that are not Amazon's have no names for buckets.
    const base = endpoint
      ? `${endpoint.replace(/\/$/, '')}/${bucket}`
      : `https://${bucket}.s3.${region}.amazonaws.com`
    if (!URL.canParse(base)) throw new CommandError(`AWS_ENDPOINT_URL is no address: ${endpoint}`)
    return new S3Object(new AwsClient(about), `${base}/${path}`, place)
  }

  /** Begins an object in parts, which is none before it is committed. */
  async upload(): Promise<BackupSink> {
    const begun = await this.#text({ method: 'POST', query: { uploads: '' } })
    const uploadId = /<UploadId>([^<]+)<\/UploadId>/.exec(begun)?.[1]
    if (uploadId === undefined) throw this.#failure('it began no upload')
    return new Upload((asked) => this.#request(asked), uploadId)
  }

  async size(): Promise<number> {
    const { headers } = await this.#request({ method: 'HEAD' })
    return Number(headers.get('content-length'))
  }

  async *read(): AsyncGenerator<Uint8Array> {
    let at = 0
    let tag: string | null = null
    for (let tries = 1; ; tries++) {
      const range = { range: `bytes=${at}-`, ...(tag === null ? {} : { 'if-match': tag }) }
      const response: Response = await this.#request({
        method: 'GET',
        ...(at === 0 ? {} : { headers: range }),
      })
      tag = response.headers.get('etag')
      try {
        for await (const piece of response.body ?? []) {
          at += piece.length
          tries = 1
          yield piece
        }
        return
      } catch (error) {
        if (tries >= TRIES_MAX) throw this.#failure(reasonOf(error))
        await sleep(pauseMs(tries))
      }
    }
  }

  async #text(asked: Asked): Promise<string> {
    return (await this.#request(asked)).text()
  }

  /** @throws CommandError with what the server says */
  async #request({ method, query = {}, headers, body }: Asked): Promise<Response> {
    const url = new URL(this.#url)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    for (let tries = 1; ; tries++) {
      const signal = AbortSignal.timeout(REQUEST_MS_MAX)
      const about = { method, signal, ...(headers && { headers }), ...(body && { body }) }
      let reason: string
      try {
        // Awaiting the body of a reading is not within the time.
        const response = await this.#client.fetch(url, method === 'GET' ? withoutEnd(about) : about)
        if (response.ok) return response
        // What is asked by HEAD is refused without a word.
        if (method === 'HEAD' && response.status < 500) await this.#askWhy()
        reason = `status ${response.status}${saidIn(await response.text())}`
        if (response.status < 500 && response.status !== 429) throw this.#failure(reason)
      } catch (error) {
        if (error instanceof CommandError) throw error
        reason = reasonOf(error)
      }
      if (tries === TRIES_MAX) throw this.#failure(reason)
      await sleep(pauseMs(tries))
    }
  }

  /** @throws CommandError if a reading is refused too */
  async #askWhy(): Promise<void> {
    const { body } = await this.#request({ method: 'GET', headers: { range: 'bytes=0-0' } })
    await body?.cancel()
  }

  #failure(reason: string): CommandError {
    return new CommandError(`${this.#place} cannot be used: ${reason}`)
  }
}

class Upload implements BackupSink {
  readonly #request: (asked: Asked) => Promise<Response>
  readonly #uploadId: string
  readonly #tags: string[] = []
  #waiting: Uint8Array[] = []
  #waitingBytes = 0

  constructor(request: (asked: Asked) => Promise<Response>, uploadId: string) {
    this.#request = request
    this.#uploadId = uploadId
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    const size = PART_BYTES * 2 ** Math.floor(this.#tags.length / PARTS_PER_SIZE)
    if (this.#waitingBytes >= size) await this.#send()
  }

  async commit(): Promise<void> {
    if (this.#waitingBytes > 0) await this.#send()
    const parts = this.#tags.map(
      (tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`,
    )
    const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    const query = { uploadId: this.#uploadId }
    const answer = await (await this.#request({ method: 'POST', query, body })).text()
    // It answers 200 before it knows.
    if (answer.includes('<Error>')) throw new CommandError(`The upload failed: ${answer}`)
  }

  async abandon(): Promise<void> {
    const query = { uploadId: this.#uploadId }
    await this.#request({ method: 'DELETE', query }).catch(() => {})
  }

  async #send(): Promise<void> {
    const body = Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#waitingBytes = 0
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') }
    const query = { partNumber: `${this.#tags.length + 1}`, uploadId: this.#uploadId }
    const response = await this.#request({ method: 'PUT', query, headers, body })
    this.#tags.push(response.headers.get('etag') ?? '')
  }
}

/** An error of S3 is XML with a code and a message for people. */
function saidIn(text: string): string {
  const [code, message] = ['Code', 'Message'].map((name) => {
    const found = text.split(`<${name}>`, 2)[1]?.split(`</${name}>`, 1)[0]
    return found?.replace(/&(?:#34|quot);/g, '"').replace(/&(?:#39|apos);/g, "'")
  })
  const said = code === undefined ? text : [code, message].filter(Boolean).join(': ')
  return said === '' ? '' : `: ${said.slice(0, REASON_LENGTH_MAX)}`
}

function withoutEnd<T extends { readonly signal: AbortSignal }>({ signal: _signal, ...rest }: T) {
  return rest
}

function pauseMs(tries: number): number {
  return FIRST_PAUSE_MS * 2 ** (tries - 1)
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error
  return cause instanceof Error && cause.message !== '' ? cause.message : message
}
