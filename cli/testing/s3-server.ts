/**
 * A stand-in for S3: objects in parts, ranges, and signatures that are computed again from their description
 * (AWS Signature Version 4), not by the library that made them. Fails on demand.
 */
import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { closeAtOnce, listenLocally } from './local-server.ts'

export const S3_KEYS = { AWS_ACCESS_KEY_ID: 'the-id', AWS_SECRET_ACCESS_KEY: 'the/secret' }

export class S3Server {
  readonly objects = new Map<string, Buffer>()
  /** Parts of objects that were not completed, by upload. */
  readonly uploads = new Map<string, Map<number, Buffer>>()
  /** Answered to the coming requests, one each, instead of what they ask for; 0: the connection is cut. */
  readonly faults: number[] = []
  /** A reading is cut off after so many bytes, once. */
  cutAfter: number | undefined
  largestPart = 0
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  async listen(): Promise<string> {
    return listenLocally(this.#server)
  }

  close(): Promise<void> {
    return closeAtOnce(this.#server)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    const url = new URL(request.url!, 'http://here')
    const fault = this.faults.shift()
    if (fault === 0) return void request.socket.destroy()
    if (fault !== undefined) return void response.writeHead(fault).end('<Error>told to</Error>')
    if (!isSigned(request, url)) return void response.writeHead(403).end('<Error>signature</Error>')
    const name = decodeURIComponent(url.pathname)
    const uploadId = url.searchParams.get('uploadId')
    if (url.searchParams.has('uploads')) {
      const id = `upload/${this.uploads.size + 1}`
      this.uploads.set(id, new Map())
      response.end(`<R><UploadId>${id}</UploadId></R>`)
    } else if (uploadId !== null) this.#upload(request, response, { name, uploadId, url, body })
    else this.#read(request, response, name)
  }

  #upload(
    { method, headers }: IncomingMessage,
    response: ServerResponse,
    { name, uploadId, url, body }: { name: string; uploadId: string; url: URL; body: Buffer },
  ): void {
    const parts = this.uploads.get(uploadId)
    if (parts === undefined) return void response.writeHead(404).end()
    if (method === 'PUT') {
      const digest = createHash('md5').update(body).digest('base64')
      if (headers['content-md5'] !== digest) return void response.writeHead(400).end()
      parts.set(Number(url.searchParams.get('partNumber')), body)
      this.largestPart = Math.max(this.largestPart, body.length)
      return void response.setHeader('etag', `"${digest}"`).end()
    }
    this.uploads.delete(uploadId)
    if (method === 'DELETE') return void response.writeHead(204).end()
    const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)]
    this.objects.set(name, Buffer.concat(named.map(([, number]) => parts.get(Number(number))!)))
    response.end('<CompleteMultipartUploadResult/>')
  }

  #read({ method, headers }: IncomingMessage, response: ServerResponse, name: string): void {
    const object = this.objects.get(name)
    if (object === undefined) return void response.writeHead(404).end('<Error>NoSuchKey</Error>')
    const from = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0)
    const content = object.subarray(from)
    const about = { 'content-length': content.length, etag: '"one"' }
    response.writeHead(from === 0 ? 200 : 206, about)
    const cut = this.cutAfter
    if (method === 'HEAD') return void response.end()
    this.cutAfter = undefined
    if (cut === undefined || cut >= content.length) return void response.end(content)
    response.write(content.subarray(0, cut), () => response.destroy())
  }
}

function isSigned({ method, headers }: IncomingMessage, url: URL): boolean {
  const authorization =
    /^AWS4-HMAC-SHA256 Credential=the-id\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/
  const found = authorization.exec(headers.authorization ?? '')
  if (found === null) return false
  const [, day, region, names, signature] = found as unknown as string[]
  const query = [...url.searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&')
  const signed = names!.split(';').map((name) => `${name}:${String(headers[name])}\n`)
  const hashed = String(headers['x-amz-content-sha256'])
  const canonical = [method, url.pathname, query, signed.join(''), names, hashed].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const digest = createHash('sha256').update(canonical).digest('hex')
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, digest].join('\n')
  const parts = [day!, region!, 's3', 'aws4_request', toSign]
  const key = parts.reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${S3_KEYS.AWS_SECRET_ACCESS_KEY}`,
  )
  return Buffer.from(key).toString('hex') === signature
}
