import test from 'ava'
import { didYouMean, nearestName } from './nearest-name.ts'

const NAMES = ['shorten', 'show', 'stats', 'TINYGRID_DATA_DIR', 'TINYGRID_LOG_MAX']

test('a name with a letter too many, missing, wrong or swapped is known again', (t) => {
  for (const given of ['shortenn', 'shrten', 'shartem', 'shroten']) {
    t.is(nearestName(given, NAMES), 'shorten', given)
  }
  t.is(nearestName('TINYGRID_DATADIR', NAMES), 'TINYGRID_DATA_DIR')
})

test('what is like none is not guessed at', (t) => {
  t.is(nearestName('import', NAMES), undefined)
  t.is(nearestName('x'.repeat(1_000_000), NAMES), undefined)
  t.is(didYouMean('quit', NAMES), '')
  t.is(didYouMean('stat', NAMES), '; did you mean stats?')
})
