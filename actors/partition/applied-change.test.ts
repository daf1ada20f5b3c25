/** What others are told of a write, and when: once it is durable, by the owner that did it. */
import test from 'ava'
import type { EpochMs } from '../../links/ids.ts'
import type { WriteRequest } from '../../links/link-owner.ts'
import { testLink } from '../../links/testing/sample-links.ts'
import { appliedChange } from './applied-change.ts'

const NOW = 7 as EpochMs
const live = testLink('abc', { title: 'now' })
const before = testLink('abc', { title: 'before' })
const deleted = { ...before, lifecycle: 'deleted' } as const
const purged = { ...before, lifecycle: 'purged' } as const

for (const [kind, was, is, told] of [
  ['create', undefined, live, { kind: 'created', link: live }],
  ['import', undefined, live, { kind: 'created', link: live }],
  ['import', undefined, deleted, undefined],
  ['update', before, live, { kind: 'changed', link: live }],
  ['restore', deleted, live, { kind: 'changed', link: live }],
  ['delete', before, deleted, { kind: 'deleted', link: before }],
  ['purge', before, purged, { kind: 'deleted', link: before }],
  ['purge', deleted, purged, undefined],
  ['visit', before, live, undefined],
] as const) {
  test(`${kind} of ${was?.lifecycle ?? 'nothing'} that leaves ${is.lifecycle}`, (t) => {
    const change = appliedChange({ kind } as WriteRequest, was, is, NOW)
    t.deepEqual(change, told && { ...told, at: NOW })
  })
}
