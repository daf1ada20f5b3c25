import test from 'ava'
import type { Api, Link } from './api.ts'
import { addTag, forEachLink } from './bulk-work.ts'
import { ApiError } from './service-call.ts'

const linkOf = (code: string, tags: readonly string[] = []) => ({ code, tags }) as Link

test('each link is done once, a few at a time', async (t) => {
  const links = Array.from({ length: 20 }, (_, index) => linkOf(`l${index}`))
  const acted: string[] = []
  let underWay = 0
  let most = 0
  const { done, failures } = await forEachLink(links, async (link) => {
    most = Math.max(most, ++underWay)
    await Promise.resolve()
    acted.push(link.code)
    underWay--
    return link
  })
  t.deepEqual(acted.toSorted(), links.map(({ code }) => code).toSorted())
  t.is(done.length, 20)
  t.is(failures, 0)
  t.true(most > 1 && most <= 4)
})

test('what fails stops nothing else, and says why', async (t) => {
  const { done, error, failures } = await forEachLink(
    [linkOf('a'), linkOf('b'), linkOf('c')],
    async (link) => {
      if (link.code === 'b') throw new ApiError('gone', 'It is gone')
      return link
    },
  )
  t.deepEqual(
    done.map(({ code }) => code),
    ['a', 'c'],
  )
  t.is(error?.message, 'It is gone')
  t.is(failures, 1)
})

test('a tag is added to the tags that the link has meanwhile', async (t) => {
  let now = { link: linkOf('a', ['old']), etag: '1' }
  const api = {
    read: async () => now,
    update: async (_code: string, { tags }: { tags: readonly string[] }, etag: string) => {
      if (etag === '1') {
        now = { link: linkOf('a', ['old', 'theirs']), etag: '2' }
        throw new ApiError('precondition_failed', 'It was changed')
      }
      return linkOf('a', tags)
    },
  } as unknown as Api
  t.deepEqual((await addTag(api, now.link, 'mine')).tags, ['old', 'theirs', 'mine'])
})
