/**
 * What Tinygrid is measured against: a `node:http` server that does the least a shortener could do.
 *
 * A process of its own. GET answers the same 302 with the same headers as Tinygrid, with one fixed
 * address of the length that the loaded links have. POST parses the body as JSON, as Tinygrid has
 * to, and answers 201 with a link of the usual size. Nothing is looked up and nothing is kept.
 * Prints its port on a line.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { urlOfLink } from './link-set.ts'

const REDIRECT_HEADERS = {
  location: urlOfLink(500_000),
  'cache-control': 'private, max-age=0',
  'content-length': 0,
}

const server = createServer((request, response) => {
  if (request.method === 'POST') create(request, response)
  else response.writeHead(302, REDIRECT_HEADERS).end()
})

function create(request: IncomingMessage, response: ServerResponse): void {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const { url } = JSON.parse(Buffer.concat(parts).toString()) as { url: string }
    const body = JSON.stringify(linkOf(url))
    response.writeHead(201, {
      'content-type': 'application/json; charset=utf-8',
      location: '/api/links/abcdefg',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  })
}

function linkOf(url: string) {
  const now = new Date().toISOString()
  return {
    code: 'abcdefg',
    shortUrl: 'http://localhost:3000/abcdefg',
    url,
    title: null,
    tags: [],
    createdAt: now,
    updatedAt: now,
    expiresAt: null,
    maxVisits: null,
    visits: 0,
  }
}

server.listen(0, '127.0.0.1', () => {
  console.log((server.address() as AddressInfo).port)
})
