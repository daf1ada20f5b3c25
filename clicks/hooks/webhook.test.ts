/** What a webhook's definition may be. */
import test from 'ava'
import { hasCode } from '../../links/errors.ts'
import { toEpochMs } from '../../links/ids.ts'
import { changedWebhook, newWebhook, savedWebhook } from './webhook.ts'

const NOW = toEpochMs(1_800_000_000_000)
const GIVEN = { url: 'https://receiver.example/hook', events: ['click', 'link.created'] }

test('a webhook has an id, a secret, and its events in one order', (t) => {
  const webhook = newWebhook(GIVEN, NOW)
  t.regex(webhook.id, /^[a-z0-9-]{12}$/)
  t.regex(webhook.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  t.deepEqual(webhook.events, ['link.created', 'click'])
  t.true(webhook.isEnabled)
  t.not(newWebhook(GIVEN, NOW).id, webhook.id)
})

test('what was saved is the same again', (t) => {
  const webhook = newWebhook({ ...GIVEN, codes: ['abc'], tags: ['x'], isEnabled: false }, NOW)
  t.deepEqual(savedWebhook(JSON.stringify(webhook)), webhook)
})

test('what was saved by nobody is no webhook', (t) => {
  const webhook = newWebhook(GIVEN, NOW)
  const bad = ['', 'null', '[]', '{}', JSON.stringify({ ...webhook, id: '../../x' })]
  for (const text of [...bad, JSON.stringify({ ...webhook, url: 'javascript:1' })]) {
    t.is(savedWebhook(text), undefined, text)
  }
})

test('a change leaves what it does not name', (t) => {
  const webhook = newWebhook(GIVEN, NOW)
  const changed = changedWebhook(webhook, { isEnabled: false })
  t.deepEqual(changed, { ...webhook, isEnabled: false })
})

const REFUSED: readonly [unknown, string | undefined][] = [
  [{ events: ['click'] }, 'url'],
  [{ url: GIVEN.url }, 'events'],
  [{ ...GIVEN, url: 'ftp://receiver.example' }, 'url'],
  [{ ...GIVEN, url: 7 }, 'url'],
  [{ ...GIVEN, events: [] }, 'events'],
  [{ ...GIVEN, events: ['visit'] }, 'events'],
  [{ ...GIVEN, codes: ['a b'] }, 'codes[0]'],
  [{ ...GIVEN, codes: Array(101).fill('a') }, 'codes'],
  [{ ...GIVEN, tags: [''] }, 'tags[0]'],
  [{ ...GIVEN, events: ['threshold'] }, 'thresholds'],
  [{ ...GIVEN, thresholds: [1] }, 'thresholds'],
  [{ ...GIVEN, events: ['threshold'], thresholds: [0] }, 'thresholds'],
  [{ ...GIVEN, events: ['threshold'], thresholds: Array(21).fill(1) }, 'thresholds'],
  [{ ...GIVEN, secret: 'short' }, 'secret'],
  [{ ...GIVEN, isEnabled: 'yes' }, 'isEnabled'],
  [{ ...GIVEN, extra: 1 }, 'extra'],
  [null, undefined],
  [[], undefined],
]

for (const [index, [given, field]] of REFUSED.entries()) {
  test(`what names ${field ?? 'no field'} is refused: case ${index}`, (t) => {
    const error = t.throws(() => newWebhook(given, NOW))
    t.true(hasCode(error, 'invalid_field', 'missing_field', 'unknown_field', 'bad_request'))
    t.is((error as { field?: string }).field, field)
  })
}
