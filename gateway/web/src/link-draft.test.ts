/** What is typed becomes what is asked for, and nothing that was not touched is changed. */
import test from 'ava'
import type { Link } from './api.ts'
import {
  changesBetween,
  draftErrors,
  draftOf,
  EMPTY_DRAFT,
  newLinkOf,
  rebaseDraft,
  tagsOf,
} from './link-draft.ts'
import { EMPTY_RULE, ruleText } from './rule-draft.ts'

const LINK: Link = {
  code: 'abc',
  shortUrl: 'http://localhost:3000/abc',
  url: 'https://example.com/',
  title: 'Example',
  tags: ['a', 'b'],
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-06-01T10:30:59.123Z',
  maxVisits: 10,
  visits: 3,
}

const urlOf = (url: string) => newLinkOf({ ...EMPTY_DRAFT, url }, false).url

test('an address alone asks for a link and nothing else', (t) => {
  const draft = { ...EMPTY_DRAFT, url: ' https://example.com/ ' }
  t.deepEqual(newLinkOf(draft, false), { url: 'https://example.com/' })
})

test('everything that is filled in is asked for', (t) => {
  const draft = {
    ...EMPTY_DRAFT,
    url: 'https://example.com/',
    code: ' mine ',
    title: ' Mine ',
    tags: 'a, b,, a ,',
    expiresAt: '2026-06-01T10:30',
    maxVisits: '5',
    password: 'sesame',
    protection: '',
    rules: ruleText([{ ...EMPTY_RULE, countries: 'DE', targets: 'https://example.com/de' }]),
  } as const
  t.deepEqual(newLinkOf(draft, true), {
    url: 'https://example.com/',
    code: 'mine',
    reuse: false,
    title: 'Mine',
    tags: ['a', 'b'],
    expiresAt: new Date(2026, 5, 1, 10, 30).toISOString(),
    maxVisits: 5,
    password: 'sesame',
    rules: [{ countries: ['DE'], url: 'https://example.com/de' }],
  })
})

test('an address without a scheme is taken for https where it looks like one', (t) => {
  t.is(urlOf('example.com'), 'https://example.com')
  t.is(urlOf('example.com:8080/a?b#c'), 'https://example.com:8080/a?b#c')
  t.is(urlOf('bücher.example/ä'), 'https://bücher.example/ä')
  for (const other of ['http://example.com', 'javascript:alert(1)', 'mailto:a@b.example', 'word']) {
    t.is(urlOf(other), other)
  }
})

test('an empty address and a number that is none do not leave the form', (t) => {
  t.deepEqual(Object.keys(draftErrors(EMPTY_DRAFT)), ['url'])
  for (const maxVisits of ['0', '-1', '1.5', 'ten', '1e3']) {
    t.deepEqual(Object.keys(draftErrors({ ...draftOf(LINK), maxVisits })), ['maxVisits'])
  }
  t.deepEqual(draftErrors(draftOf(LINK)), {})
})

test('a time that cannot be read goes to the service, which refuses it', (t) => {
  t.is(newLinkOf({ ...EMPTY_DRAFT, url: 'x', expiresAt: 'soon' }, false).expiresAt, 'soon')
})

test('an untouched draft changes nothing, not even the seconds of a time', (t) => {
  t.deepEqual(changesBetween(draftOf(LINK), draftOf(LINK)), {})
})

test('an emptied field takes the setting away', (t) => {
  const emptied = { ...draftOf(LINK), title: ' ', tags: '', expiresAt: '', maxVisits: '' }
  t.deepEqual(changesBetween(draftOf(LINK), emptied), {
    title: null,
    tags: [],
    expiresAt: null,
    maxVisits: null,
  })
})

test('edits are kept over a change made elsewhere, and all else is taken over', (t) => {
  const base = draftOf(LINK)
  const mine = { ...base, title: 'Mine' }
  const theirs = { ...base, title: 'Theirs', tags: 'c' }
  const { draft, changedByThem } = rebaseDraft(base, mine, theirs)
  t.is(draft.title, 'Mine')
  t.is(draft.tags, 'c')
  t.deepEqual(changedByThem, ['title', 'tags'])
  t.deepEqual(changesBetween(theirs, draft), { title: 'Mine' })
})

test('tags are separated by commas, each once, in order', (t) => {
  t.deepEqual(tagsOf(' two words ,b,b, ,a'), ['two words', 'b', 'a'])
})

test('a password is changed, taken away, or left as it is', (t) => {
  const before = draftOf({ ...LINK, hasPassword: true })
  t.deepEqual(changesBetween(before, before), {})
  t.deepEqual(changesBetween(before, { ...before, password: 'new' }), { password: 'new' })
  t.deepEqual(changesBetween(before, { ...before, protection: 'removed' }), { password: null })
  t.deepEqual(changesBetween(draftOf(LINK), draftOf(LINK)), {})
})

test('the advanced settings are asked for, shown, changed and taken away one by one', (t) => {
  const draft = {
    ...EMPTY_DRAFT,
    url: 'https://example.com/',
    validFrom: '2026-05-01T10:00',
    redirectStatus: '308',
    expiredUrl: ' example.com/over ',
    forwardQuery: 'false',
  } as const
  const asked = {
    validFrom: new Date('2026-05-01T10:00').toISOString(),
    redirectStatus: 308,
    expiredUrl: 'https://example.com/over',
    forwardQuery: false,
  }
  t.deepEqual(newLinkOf(draft, false), { url: 'https://example.com/', ...asked })
  const shown = draftOf({ ...LINK, ...asked })
  t.is(shown.validFrom, draft.validFrom)
  t.deepEqual(changesBetween(shown, { ...shown, redirectStatus: '' }), { redirectStatus: null })
  const { forwardQuery } = changesBetween(shown, { ...shown, forwardQuery: 'override' })
  t.is(forwardQuery, 'override')
  t.deepEqual(changesBetween(shown, { ...shown, forwardQuery: '' }), { forwardQuery: null })
  t.deepEqual(changesBetween(shown, { ...shown, validFrom: '', expiredUrl: '' }), {
    validFrom: null,
    expiredUrl: null,
  })
})
