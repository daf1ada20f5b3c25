import test from 'ava'
import type { Link } from './api.ts'
import { linksCsv } from './link-csv.ts'

const LINK: Link = {
  code: 'jazz',
  shortUrl: 'http://s.example/jazz',
  url: 'https://example.org/?a=1,2',
  title: null,
  tags: ['music', 'night'],
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: null,
  maxVisits: 9,
  visits: 3,
  validFrom: null,
  redirectStatus: 301,
  forwardQuery: false,
}

test('a link is a line, and what would break it is quoted', (t) => {
  const [head, line, end] = linksCsv([LINK]).split('\r\n')
  const columns =
    'code,shortUrl,url,title,tags,createdAt,expiresAt,maxVisits,visits,validFrom,redirectStatus,expiredUrl,forwardQuery'
  t.is(head, columns)
  const cells = [
    '"https://example.org/?a=1,2"',
    '',
    '"music, night"',
    LINK.createdAt,
    '',
    '9',
    '3',
    '',
    '301',
    '',
    'false',
  ]
  t.is(line, `jazz,http://s.example/jazz,${cells.join(',')}`)
  t.is(end, '')
})

test('no cell is a formula', (t) => {
  for (const title of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1']) {
    t.true(linksCsv([{ ...LINK, title }]).includes(`'${title}`), title)
  }
  t.true(linksCsv([{ ...LINK, title: '=A1,"x"' }]).includes(`"'=A1,""x"""`))
})
