/** The two streams of an open-loop run, with what makes an answer right. */
import { newUrl, type VisitedLink } from './link-set.ts'
import type { Stream } from './open-loop.ts'
import { getText, locationOf, postText } from './raw-connection.ts'
import { API_KEY } from './server-process.ts'

/** Redirects to links in random order; right if they lead where the link does. */
export function redirectStream(links: readonly VisitedLink[], perSecond: number): Stream {
  const texts = links.map(({ code }) => getText(`/${code}`))
  const order = new Map<number, number>()
  return {
    name: 'redirects',
    perSecond,
    request(index) {
      const at = Math.floor(Math.random() * texts.length)
      order.set(index, at)
      return texts[at]!
    },
    isCorrect(reply, index) {
      const { url } = links[order.get(index)!]!
      order.delete(index)
      return reply.status === 302 && locationOf(reply) === url
    },
  }
}

/** Creates, each with a URL of its own; right if answered 201 with that URL. */
export function createStream(perSecond: number): Stream {
  const salt = Date.now().toString(36)
  return {
    name: 'creates',
    perSecond,
    request: (index) =>
      postText('/api/links', API_KEY, JSON.stringify({ url: newUrl(salt, index) })),
    isCorrect: (reply, index) =>
      reply.status === 201 &&
      (JSON.parse(reply.body) as { url: string }).url === newUrl(salt, index),
  }
}
