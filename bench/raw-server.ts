/**
 * How fast any server in Node can be here: sockets that are answered without being understood.
 *
 * A process of its own. Whatever comes on a connection is taken for one request and answered with
 * the bytes that the fast path sends, always the same; it is read and written as the fast path does
 * it. So what the fast path lacks to this server it spends on the request, the rest on the system.
 * Fit for one request at a time per connection, as the load sends them. Prints its port on a line.
 */
import { createServer, type AddressInfo } from 'node:net'
import type { EpochMs } from '../links/ids.ts'
import { readInto } from '../gateway/http/socket-reading.ts'
import { RedirectReply } from '../gateway/fast-path/fast-path-reply.ts'
import { urlOfLink } from './link-set.ts'

const KEEP_ALIVE_SECONDS = 72
const READ_BYTES_MAX = 65_536

const reply = new RedirectReply(KEEP_ALIVE_SECONDS, 302)
reply.setTime(Date.now() as EpochMs)
const url = urlOfLink(500_000)
const text = reply.text(url, { url }, false)!
const buffer = Buffer.allocUnsafeSlow(READ_BYTES_MAX)

const server = createServer((socket) => {
  readInto(socket, buffer, () => socket.write(text, 'latin1'))
  // The load ends its connections as it likes.
  socket.on('error', () => socket.destroy())
})

server.listen(0, '127.0.0.1', () => {
  console.log((server.address() as AddressInfo).port)
})
