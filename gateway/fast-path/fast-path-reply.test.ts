/** The text of a redirect and what may stand in it. */
import test from 'ava'
import type { EpochMs } from '../../links/ids.ts'
import type { RedirectStatus } from '../../links/link.ts'
import type { Target } from '../http/redirect-form.ts'
import { RedirectReply } from './fast-path-reply.ts'

const URL = 'https://example.com/'
const TARGET = { url: URL }
const NOON = Date.UTC(2026, 0, 1, 12) as EpochMs

function replyAt(now: EpochMs): RedirectReply {
  const reply = new RedirectReply(72, 302)
  reply.setTime(now)
  return reply
}

test('a reply carries the address, the date and how long the connection is kept', (t) => {
  t.is(
    replyAt(NOON).text(URL, TARGET, false),
    'HTTP/1.1 302 Found\r\n' +
      'Location: https://example.com/\r\n' +
      'Cache-Control: private, max-age=0\r\n' +
      'Content-Length: 0\r\n' +
      'Date: Thu, 01 Jan 2026 12:00:00 GMT\r\n' +
      'Connection: keep-alive\r\n' +
      'Keep-Alive: timeout=72\r\n\r\n',
  )
})

test('the last reply of a connection says so', (t) => {
  const text = replyAt(NOON).text(URL, TARGET, true)!
  t.true(text.endsWith('GMT\r\nConnection: close\r\n\r\n'))
})

test('the date follows the clock, second by second, also backwards', (t) => {
  const reply = replyAt(NOON)
  const dateAfter = (ms: number): string => {
    reply.setTime((NOON + ms) as EpochMs)
    return /Date: .* (\S+) GMT/.exec(reply.text(URL, TARGET, false)!)![1]!
  }
  t.deepEqual([999, 1_000, 61_999, -1].map(dateAfter), [
    '12:00:00',
    '12:00:01',
    '12:01:01',
    '11:59:59',
  ])
})

test('an address with anything but visible ASCII gets no reply', (t) => {
  const reply = replyAt(NOON)
  for (let unit = 0; unit < 0x200; unit++) {
    const isVisible = unit > 0x20 && unit < 0x7f
    const text = reply.text(URL + String.fromCharCode(unit), TARGET, false)
    t.is(text !== undefined, isVisible, `U+${unit.toString(16)}`)
  }
})

test('a link may have a status of its own, and what is permanent and does not end may be kept', (t) => {
  const headOf = (target: Omit<Target, 'url'>, status: RedirectStatus = 302) => {
    const reply = new RedirectReply(72, status)
    reply.setTime(NOON)
    const [line, , kept] = reply.text(URL, { ...TARGET, ...target }, false)!.split('\r\n')
    return [line!.slice(9), kept!.slice(24)]
  }
  const expiresAt = (NOON + 1) as EpochMs
  t.deepEqual(headOf({ status: 301 }), ['301 Moved Permanently', 'max-age=3600'])
  t.deepEqual(headOf({ status: 307 }), ['307 Temporary Redirect', 'max-age=0'])
  t.deepEqual(headOf({ status: 308 }), ['308 Permanent Redirect', 'max-age=3600'])
  t.deepEqual(headOf({ status: 308, expiresAt }), ['308 Permanent Redirect', 'max-age=0'])
  t.deepEqual(headOf({}, 301), ['301 Moved Permanently', 'max-age=3600'])
  t.deepEqual(headOf({ expiresAt }, 301), ['301 Moved Permanently', 'max-age=0'])
  t.deepEqual(headOf({ status: 302 }, 301), ['302 Found', 'max-age=0'])
})
