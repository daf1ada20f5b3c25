import test from 'ava'
import { UNKNOWN } from '../../links/link.ts'
import { noBlocking } from '../blocking/node-blocking.ts'
import { exchange, find, lookup, makeGateway, startFast } from '../testing/fast-path-pair.ts'

/** `example.com` has the targets of all links there. */
const ASKED = ['/abc', '/abc?x=1', '/mine', '/moved', '/abc/']

function request(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
}

test('a blocked link is answered as the server answers it, from the next request on', async (t) => {
  const blocking = noBlocking()
  const fast = await startFast(await makeGateway({}, { blocking }), {
    blocked: blocking.blocked,
    find,
  })
  const slow = await makeGateway({}, { blocking })
  await slow.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => Promise.all([fast.stop(), slow.close()]))
  const both = async (path: string) => {
    const answers = [
      await exchange(fast.server, [request(path)]),
      await exchange(slow.server, [request(path)]),
    ]
    return answers.map((answer) => answer.slice(0, 12))
  }
  for (const path of ASKED) t.regex((await both(path))[0]!, /^HTTP\/1\.1 30[127]$/, path)
  t.is(fast.counters.fast, ASKED.length)
  blocking.blocked.replace('file', ['example.com'])
  for (const path of ASKED) t.deepEqual(await both(path), ['HTTP/1.1 403', 'HTTP/1.1 403'], path)
  t.is(fast.counters.fast, ASKED.length)
  blocking.blocked.replace('file', ['*.example.com'])
  for (const path of ASKED) t.regex((await both(path))[0]!, /^HTTP\/1\.1 30[127]$/, path)
})

test('a link that had to be found first is blocked too', async (t) => {
  const blocking = noBlocking()
  blocking.blocked.replace('interface', ['example.com'])
  const app = await makeGateway({}, { blocking })
  const fast = await startFast(app, {
    blocked: blocking.blocked,
    find,
    lookup: (code) => (code === 'abc' ? UNKNOWN : lookup(code)),
  })
  t.teardown(() => fast.stop())
  for (const path of ['/abc', '/unknown']) {
    t.is((await exchange(fast.server, [request(path)])).slice(0, 12), 'HTTP/1.1 403', path)
  }
  t.is(fast.counters.fast, 0)
})
