import test from 'ava'
import { MemoryKeyValueServer } from '../cluster/membership/memory-key-value.ts'
import { TinygridError } from '../links/errors.ts'
import { agreeOnDomains } from './domain-agreement.ts'

test('a node that has other domains than the one before is told of', async (t) => {
  const server = new MemoryKeyValueServer()
  const told: string[] = []
  const join = (...names: string[]) =>
    agreeOnDomains(server.connect(), names, (what) => told.push(what))
  await join()
  await join('go.example', 's.example')
  await join('s.example', 'go.example')
  t.deepEqual(told, [])
  await join('go.example')
  t.is(told.length, 1)
  t.regex(told[0]!, /"go\.example" here, but was "go\.example,s\.example" on/)
  await join('go.example')
  await join()
  t.is(told.length, 2)
})

test('where the bucket cannot be asked nothing is told, and nothing fails', async (t) => {
  await agreeOnDomains({ get: away, create: away, update: away }, ['a'], () => t.fail())
  t.pass()
})

async function away(): Promise<never> {
  throw new TinygridError('key_value_unavailable')
}
