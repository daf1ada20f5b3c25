import test from 'ava'
import { dirtyShare } from './dirty-share.ts'

const MB = 2 ** 20
const DEFAULTS = { dirtyBytesMax: 256 * MB, logBytesMax: 1024 * MB }

test('however many nodes there are, what all let wait fits into half of the log', (t) => {
  for (const nodes of [1, 2, 3, 4, 10, 100]) {
    const share = dirtyShare(DEFAULTS, nodes)
    t.true(share <= DEFAULTS.dirtyBytesMax)
    t.true(share * nodes <= DEFAULTS.logBytesMax / 2, `${nodes} nodes`)
  }
  t.is(dirtyShare(DEFAULTS, 2), 256 * MB)
  t.is(dirtyShare(DEFAULTS, 4), 128 * MB)
})

test('a node that is alone, or knows nobody yet, has the bound that was set', (t) => {
  t.is(dirtyShare(DEFAULTS), 256 * MB)
  t.is(dirtyShare(DEFAULTS, 0), 256 * MB)
  t.is(dirtyShare({ dirtyBytesMax: MB }, 5), MB)
})
