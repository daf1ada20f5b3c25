/**
 * How fast redirects by another node can be here: a gateway and an owner that do nothing else.
 *
 * Two processes: `raw-relay.ts owner NATS_URL` and `raw-relay.ts gateway NATS_URL`. The gateway takes
 * what stands in a request line for a code, asks the owner for all codes of an event-loop turn in one
 * NATS message, and answers with the bytes that the fast path sends; the owner answers each code with
 * the same address. Neither understands, looks up, checks or bounds anything, and no Moleculer is in
 * between. So what a cluster lacks to this pair it spends on its promises, the rest on sockets, NATS
 * and three processes. The gateway prints its port on a line, the owner a 0.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { connect, type NatsConnection } from 'nats'
import type { EpochMs } from '../links/ids.ts'
import { readInto } from '../gateway/http/socket-reading.ts'
import { RedirectReply } from '../gateway/fast-path/fast-path-reply.ts'
import { urlOfLink } from './link-set.ts'

const QUESTIONS = 'raw-relay.questions'
const ANSWERS = 'raw-relay.answers'
const KEEP_ALIVE_SECONDS = 72
const READ_BYTES_MAX = 65_536
/** Where the code begins in `GET /code HTTP/1.1`. */
const CODE_AT = 5

interface Waiting {
  readonly socket: Socket
  readonly code: string
}

function own(nats: NatsConnection): void {
  const url = urlOfLink(500_000)
  nats.subscribe(QUESTIONS, {
    callback: (_error, question) => {
      const codes = question.string().split(' ')
      nats.publish(question.reply!, codes.map(() => url).join(' '))
    },
  })
  console.log(0)
}

function relay(nats: NatsConnection): void {
  const reply = new RedirectReply(KEEP_ALIVE_SECONDS, 302)
  reply.setTime(Date.now() as EpochMs)
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES_MAX)
  /** The owner answers in the order in which it was asked. */
  const asked: Waiting[][] = []
  let gathered: Waiting[] = []

  function send(): void {
    nats.publish(QUESTIONS, gathered.map(({ code }) => code).join(' '), { reply: ANSWERS })
    asked.push(gathered)
    gathered = []
  }

  nats.subscribe(ANSWERS, {
    callback: (_error, answer) => {
      const urls = answer.string().split(' ')
      for (const [index, { socket }] of asked.shift()!.entries()) {
        const url = urls[index]!
        socket.write(reply.text(url, { url }, false)!, 'latin1')
      }
    },
  })
  const server = createServer((socket) => {
    readInto(socket, buffer, (length) => {
      const line = buffer.toString('latin1', CODE_AT, length)
      gathered.push({ socket, code: line.slice(0, line.indexOf(' ')) })
      if (gathered.length === 1) setImmediate(send)
      return true
    })
    // The load ends its connections as it likes.
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1', () => {
    console.log((server.address() as AddressInfo).port)
  })
}

const [role, servers] = process.argv.slice(2) as ['owner' | 'gateway', string]
const nats = await connect({ servers })
if (role === 'owner') own(nats)
else relay(nats)
