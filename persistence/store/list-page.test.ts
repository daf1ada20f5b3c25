/** Where a page ends that has little more than long URLs. */
import test from 'ava'
import { decodeLink } from '../../links/link-record.ts'
import { URL_BYTES_DEFAULT, URL_BYTES_MAX } from '../../links/link.ts'
import { LIST_LIMIT_MAX } from '../../links/link-owner.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { ListPageBuilder } from './list-page.ts'

function pageOf(links: number, urlBytes: number) {
  const url = 'https://a.example/'.padEnd(urlBytes, 'x')
  const link = decodeLink(linkVersion('long', 1, { url }).record)
  const page = new ListPageBuilder({ limit: LIST_LIMIT_MAX })
  for (let index = 0; index < links && page.offer(link); index++);
  return page.page()
}

test('as many links of the usual longest URL fit on a page as may be asked for', (t) => {
  const { links, nextCursor } = pageOf(LIST_LIMIT_MAX, URL_BYTES_DEFAULT)
  t.is(links.length, LIST_LIMIT_MAX)
  t.is(nextCursor, null)
})

test('a page of longer URLs ends early and says where to go on', (t) => {
  const { links, nextCursor } = pageOf(LIST_LIMIT_MAX, URL_BYTES_MAX)
  t.is(links.length, Math.ceil((8 * 2 ** 20) / URL_BYTES_MAX))
  t.truthy(nextCursor)
})
