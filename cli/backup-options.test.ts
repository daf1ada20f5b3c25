/** What backup and restore take on their command lines, and what they show. */
import test from 'ava'
import { parseBackupOptions } from './backup-options.ts'
import { parseRestoreOptions } from './restore-options.ts'
import { shareLine } from './share-display.ts'

test('a backup goes to one place', (t) => {
  t.deepEqual(parseBackupOptions(['a.tgb', '--url', 'http://x']), {
    place: 'a.tgb',
    follows: false,
    url: 'http://x',
    key: undefined,
  })
  t.true(parseBackupOptions(['--follow', '-'])!.follows)
  t.throws(() => parseBackupOptions(['--follow', 's3://b/k']), { message: /only at its end/ })
  t.is(parseBackupOptions(['--help']), undefined)
  for (const args of [[], ['a', 'b']]) {
    t.throws(() => parseBackupOptions(args), { message: /Name one file to write/ })
  }
})

test('a restore names one backup, or none where links are there', (t) => {
  const restore = { kind: 'restore', place: 'a.tgb', to: undefined, movesAside: false }
  t.deepEqual(parseRestoreOptions(['a.tgb']), restore as never)
  const aside = parseRestoreOptions(['a.tgb', '--move-aside'])
  t.deepEqual(aside, { ...restore, movesAside: true } as never)
  const check = { kind: 'check', place: 's3://b/k', to: undefined } as const
  t.deepEqual(parseRestoreOptions(['s3://b/k', '--check']), check)
  const to = new Date('2030-01-31T11:00:00Z')
  t.deepEqual(parseRestoreOptions(['s3://b/k', '--check', '--to', '2030-01-31T12:00+01:00']), {
    ...check,
    to,
  })
  for (const wrong of ['2030-01-31', 'yesterday', '2030-01-31T12:00', '2030-13-31T12:00Z']) {
    t.throws(() => parseRestoreOptions(['a', '--to', wrong]), { message: /no time with its zone/ })
  }
  t.deepEqual(parseRestoreOptions(['--from-mongodb']), { kind: 'adopt' })
  t.is(parseRestoreOptions(['--help']), undefined)
  t.throws(() => parseRestoreOptions(['-']), { message: /cannot be a pipe/ })
  t.throws(() => parseRestoreOptions([]), { message: /Name one backup/ })
  t.throws(() => parseRestoreOptions(['a', '--from-mongodb']), { message: /stands alone/ })
  t.throws(() => parseRestoreOptions(['--from-mongodb', '--to', '2030-01-31T12:00Z']))
  t.throws(() => parseRestoreOptions(['a', '--check', '--move-aside']), {
    message: /writes nothing/,
  })
})

test('progress tells the rate and the time left', (t) => {
  t.is(shareLine(0, 5e6, 1000), '0 %, 5.0 MB, 5.0 MB/s')
  t.is(shareLine(0.25, 30e6, 10_000), '25 %, 30.0 MB, 3.0 MB/s, 30 s left')
})
