import test from 'ava'
import { connect } from './api.ts'
import { fullCodeOf, linkPath, shownCode } from './full-code.ts'

test('a link on another domain is asked for by its code and its domain', (t) => {
  t.is(linkPath('spring'), '/api/links/spring')
  t.is(linkPath('spring', '/restore'), '/api/links/spring/restore')
  t.is(
    linkPath('go.example/spring', '', { purge: 'true' }),
    '/api/links/spring?domain=go.example&purge=true',
  )
  t.is(fullCodeOf({ code: 'a', domain: 'go.example' }), 'go.example/a')
  t.deepEqual(['a', 'go.example/a'].map(shownCode), ['/a', 'go.example/a'])
})

test('what the service sends has its domain in its code', async (t) => {
  const link = { code: 'a', domain: 'go.example', tags: [] }
  const replies = [{ links: [link, { code: 'a', tags: [] }], nextCursor: null }, link]
  const paths: string[] = []
  const fetch = async (path: string) => {
    paths.push(path)
    return Response.json(replies.shift())
  }
  const api = connect({ key: 'k', fetch })
  const query = { search: '', tag: '', domain: 'go.example', state: '', from: '', to: '' } as const
  const page = await api.list({ ...query, sort: 'created' }, null, 25)
  t.deepEqual(
    page.links.map(({ code }) => code),
    ['go.example/a', 'a'],
  )
  t.is((await api.read('go.example/a')).link.code, 'go.example/a')
  t.deepEqual(paths, ['/api/links?limit=25&domain=go.example', '/api/links/a?domain=go.example'])
})
