/** What backup and restore take on their command lines, and what they show. */
import test from 'ava'
import { parseBackupOptions } from './backup-options.ts'
import { parseRestoreOptions } from './restore-options.ts'
import { shareLine } from './share-display.ts'

test('a backup goes to one place', (t) => {
  t.deepEqual(parseBackupOptions(['a.tgb', '--url', 'http://x']), {
    place: 'a.tgb',
    url: 'http://x',
    key: undefined,
  })
  t.is(parseBackupOptions(['--help']), undefined)
  for (const args of [[], ['a', 'b']]) {
    t.throws(() => parseBackupOptions(args), { message: /Name one file to write/ })
  }
})

test('a restore names one backup, or none where links are there', (t) => {
  const restore = { kind: 'restore', place: 'a.tgb', movesAside: false }
  t.deepEqual(parseRestoreOptions(['a.tgb']), restore as never)
  const aside = parseRestoreOptions(['a.tgb', '--move-aside'])
  t.deepEqual(aside, { ...restore, movesAside: true } as never)
  t.deepEqual(parseRestoreOptions(['s3://b/k', '--check']), { kind: 'check', place: 's3://b/k' })
  t.deepEqual(parseRestoreOptions(['--from-mongodb']), { kind: 'adopt' })
  t.is(parseRestoreOptions(['--help']), undefined)
  t.throws(() => parseRestoreOptions(['-']), { message: /cannot be a pipe/ })
  t.throws(() => parseRestoreOptions([]), { message: /Name one backup/ })
  t.throws(() => parseRestoreOptions(['a', '--from-mongodb']), { message: /stands alone/ })
  t.throws(() => parseRestoreOptions(['a', '--check', '--move-aside']), {
    message: /writes nothing/,
  })
})

test('progress tells the rate and the time left', (t) => {
  t.is(shareLine(0, 5e6, 1000), '0 %, 5.0 MB, 5.0 MB/s')
  t.is(shareLine(0.25, 30e6, 10_000), '25 %, 30.0 MB, 3.0 MB/s, 30 s left')
})
