/** The list stays in order, holds each link once, and never answers one search with another's links. */
import test from 'ava'
import type { Link } from './api.ts'
import { ApiError } from './service-call.ts'
import {
  arrived,
  changed,
  continued,
  created,
  deleted,
  failed,
  finished,
  INITIAL_STATE,
  NO_QUERY,
  purged,
  searched,
  type LinkListState,
  type Transition,
} from './link-list-state.ts'

const linkOf = (code: string, title: string | null = null) => ({ code, title }) as Link
const page = (nextCursor: string | null, ...codes: string[]) =>
  arrived({ links: codes.map((code) => linkOf(code)), nextCursor })
const after = (...transitions: readonly Transition[]) =>
  transitions.reduce((state, transition) => transition(state), INITIAL_STATE)
const codes = (state: LinkListState) => state.entries.map(({ link }) => link.code)
const search = searched({ ...NO_QUERY, search: 'x' })

test('pages follow each other, and a link that is on two of them is shown once', (t) => {
  const state = after(page('1', 'd', 'c'), finished, continued, page(null, 'c', 'b'), finished)
  t.deepEqual(codes(state), ['d', 'c', 'b'])
  t.is(state.cursor, null)
})

test('a search keeps the old links in view until its first page is here', (t) => {
  const waiting = after(page(null, 'a'), finished, search)
  t.deepEqual(codes(waiting), ['a'])
  t.true(waiting.isStale)
  t.deepEqual(codes(page('1')(waiting)), [])
  t.deepEqual(codes(page('2', 'b')(page('1')(waiting))), ['b'])
})

test('a search that fails does not leave the links of another one behind', (t) => {
  const state = after(page(null, 'a'), search, failed(new ApiError('offline', 'No')))
  t.deepEqual(codes(state), [])
  t.is(state.phase, 'failed')
})

test('a page that fails leaves what is there, and where to go on', (t) => {
  const state = after(page('1', 'a'), finished, continued, failed(new ApiError('offline', 'No')))
  t.deepEqual(codes(state), ['a'])
  t.is(state.cursor, '1')
  t.is(continued(state).error, undefined)
})

test('a new link comes first, but not under a search that it may not match', (t) => {
  t.deepEqual(codes(after(page(null, 'a'), created(linkOf('b')))), ['b', 'a'])
  t.deepEqual(codes(after(search, page(null, 'a'), created(linkOf('b')))), ['a'])
})

test('a link that was there already is brought up to date where it stands', (t) => {
  const state = after(page(null, 'b', 'a'), created(linkOf('a', 'New')))
  t.deepEqual(codes(state), ['b', 'a'])
  t.is(state.entries[1]?.link.title, 'New')
})

test('a deleted link keeps its place until it comes back or is gone for good', (t) => {
  const state = after(page(null, 'c', 'b', 'a'), deleted('b'))
  t.deepEqual(
    state.entries.map(({ isDeleted }) => isDeleted),
    [false, true, false],
  )
  t.false(changed(linkOf('b'))(state).entries[1]?.isDeleted)
  t.deepEqual(codes(purged('b')(state)), ['c', 'a'])
})
