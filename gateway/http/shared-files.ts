/**
 * Answers the files of a plugin from one Buffer each, whoever asks and however many at once.
 *
 * Used around @fastify/static and Swagger UI, which open a file and a stream for each request: many
 * clients that do not read would hold as many open files. The first answer of a file is gathered
 * here and sent to all who ask for the path meanwhile and later; its type, tag and caching are the
 * plugin's. Only whole answers (200) to GET are kept, and since the files are those of a build, there
 * are few: past FILES_MAX nothing more is kept.
 */
import { buffer } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { pathOfTarget } from './request-target.ts'

const FILES_MAX = 100

interface SharedFile {
  readonly headers: Record<string, string>
  readonly bytes: Buffer
}

/** Call in a scope of its own, before the plugin is registered. */
export function shareFiles(scope: FastifyInstance): void {
  const files = new Map<string, SharedFile | Promise<SharedFile | undefined>>()
  const firsts = new WeakMap<FastifyRequest, (file: SharedFile | undefined) => void>()

  scope.addHook('onRequest', async (request, reply) => {
    const path = sharedPath(request)
    if (path === undefined) return
    const file = files.get(path)
    if (file !== undefined) {
      const known = file instanceof Promise ? await file : file
      return known && send(request, reply, known)
    }
    if (files.size >= FILES_MAX) return
    const { promise, resolve } = Promise.withResolvers<SharedFile | undefined>()
    files.set(path, promise)
    firsts.set(request, (found) => {
      if (found === undefined) files.delete(path)
      else files.set(path, found)
      resolve(found)
    })
  })
  scope.addHook('onSend', async (request, reply, payload) => {
    if (!firsts.has(request) || reply.statusCode !== 200) return payload
    const bytes = await bytesOf(payload)
    if (bytes === undefined) return payload
    firsts.get(request)!({ headers: headersOf(reply), bytes })
    firsts.delete(request)
    return bytes
  })
  // Whatever became of the first request, nobody waits for it any longer than it takes.
  scope.addHook('onResponse', async (request) => firsts.get(request)?.(undefined))
  scope.addHook('onRequestAbort', async (request) => firsts.get(request)?.(undefined))
}

/** What is asked for in part, or only if it has changed, is the plugin's to answer. */
function sharedPath({ method, headers, raw }: FastifyRequest): string | undefined {
  const isPlain = method === 'GET' && headers.range === undefined
  return isPlain && headers['if-modified-since'] === undefined ? pathOfTarget(raw.url!) : undefined
}

function send(request: FastifyRequest, reply: FastifyReply, { headers, bytes }: SharedFile) {
  reply.headers(headers)
  const tag = headers['etag']
  if (tag !== undefined && request.headers['if-none-match'] === tag) return reply.code(304).send()
  return reply.send(bytes)
}

async function bytesOf(payload: unknown): Promise<Buffer | undefined> {
  if (payload instanceof Readable) return buffer(payload)
  if (typeof payload === 'string') return Buffer.from(payload)
  return payload instanceof Uint8Array ? Buffer.from(payload) : undefined
}

function headersOf(reply: FastifyReply): Record<string, string> {
  const { 'content-length': _length, ...kept } = reply.getHeaders()
  return Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, String(value)]))
}
