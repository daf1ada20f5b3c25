import test from 'ava'
import { hasCode } from '../../links/errors.ts'
import { PasswordDesk, type PasswordWork } from './password-desk.ts'

/** Checks that end when the test says so. */
class SlowWork implements PasswordWork {
  readonly begun: string[] = []
  readonly #ends = new Map<string, PromiseWithResolvers<boolean>>()

  async hash(password: string): Promise<string> {
    await this.check(password)
    return password
  }

  check(password: string): Promise<boolean> {
    this.begun.push(password)
    const end = Promise.withResolvers<boolean>()
    this.#ends.set(password, end)
    return end.promise
  }

  end(password: string, error?: Error): void {
    const { resolve, reject } = this.#ends.get(password)!
    if (error === undefined) resolve(true)
    else reject(error)
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('two at a time are worked on, some wait in order, and one more is refused', async (t) => {
  const work = new SlowWork()
  const desk = new PasswordDesk({ workMax: 2, waitingMax: 2, work })
  const checks = ['a', 'b', 'c'].map((password) => desk.check(password, ''))
  const hash = desk.hash('d')
  await turn()
  t.deepEqual(work.begun, ['a', 'b'])
  const error = await t.throwsAsync(desk.check('e', ''))
  t.true(hasCode(error, 'passwords_waiting'))
  t.true((error as { retryAfterSeconds?: number }).retryAfterSeconds! >= 1)
  work.end('b')
  t.true(await checks[1])
  await turn()
  t.deepEqual(work.begun, ['a', 'b', 'c'])
  work.end('a')
  work.end('c')
  await turn()
  work.end('d')
  t.is(await hash, 'd')
  t.deepEqual(await Promise.all(checks), [true, true, true])
})

test('one that fails leaves its place to the next', async (t) => {
  const work = new SlowWork()
  const desk = new PasswordDesk({ workMax: 1, waitingMax: 1, work })
  const [first, second] = [desk.check('a', ''), desk.check('b', '')]
  await turn()
  work.end('a', new Error('no memory'))
  await t.throwsAsync(first, { message: 'no memory' })
  await turn()
  work.end('b')
  t.true(await second)
  const third = desk.check('c', '')
  await turn()
  t.deepEqual(work.begun, ['a', 'b', 'c'])
  work.end('c')
  t.true(await third)
})
