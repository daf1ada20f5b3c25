/** What every kept text does: run against each adapter by a test of its own. */
import type { ExecutionContext, TestFn } from 'ava'
import type { KeptText } from './kept-text.ts'

/** @param open gives the text, and how it looks to another node or after a restart */
export type OpenKeptText = (
  t: ExecutionContext,
) => Promise<{ readonly text: KeptText; readonly again: () => Promise<KeptText> }>

export function keptTextContract(test: TestFn, name: string, open: OpenKeptText): void {
  test(`${name}: what was changed is there, here and elsewhere`, async (t) => {
    const { text, again } = await open(t)
    t.is(text.current, undefined)
    let changes = 0
    const forget = text.onChange(() => changes++)
    await text.change((was) => `${was ?? ''}one,`)
    await text.change((was) => `${was ?? ''}two,`)
    t.is(text.current, 'one,two,')
    t.is((await again()).current, 'one,two,')
    t.true(changes >= 2)
    forget()
    const before = changes
    await text.change(() => '')
    t.is(changes, before)
    t.is((await again()).current, '')
  })

  test(`${name}: changes of the same moment are all made`, async (t) => {
    const { text } = await open(t)
    await Promise.all(['a', 'b', 'c'].map((one) => text.change((was) => (was ?? '') + one)))
    t.deepEqual(text.current!.split('').sort(), ['a', 'b', 'c'])
  })

  test(`${name}: a change that is refused changes nothing`, async (t) => {
    const { text, again } = await open(t)
    await text.change(() => 'kept')
    const refused = text.change(() => {
      throw new RangeError('no')
    })
    await t.throwsAsync(refused, { instanceOf: RangeError })
    t.is((await again()).current, 'kept')
  })
}
