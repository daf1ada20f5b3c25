/** From every id comes the code that it was made of, and nothing else has an id. */
import fc from 'fast-check'
import test from 'ava'
import { parseFullCode, type Domain } from '../../../links/full-code.ts'
import { KuttIds } from './kutt-ids.ts'

const DOMAINS = ['go.example', 'a.b.example', 'other.example'] as Domain[]

test('an id tells domain and code again, and no two links share one', (t) => {
  const ids = new KuttIds(DOMAINS)
  const code = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
  const full = fc.tuple(fc.constantFrom('', ...DOMAINS.map((name) => `${name}/`)), code)
  fc.assert(
    fc.property(full, ([prefix, plain]) => {
      const made = parseFullCode(prefix + plain)!
      const id = ids.idOf(made)
      t.is(ids.codeOf(id), made)
      if (!id.startsWith('~')) t.is(ids.codeOf(id.toUpperCase()), made)
    }),
  )
})

test('what no link could have is no id', (t) => {
  const ids = new KuttIds(DOMAINS)
  for (const id of [
    '',
    '~',
    '~a~b',
    '~go.example~',
    '00000000-0000-8000-8000-000000000000',
    '00000000-0000-4000-8000-000000000001',
    // The second place is 0, and the third is not.
    '00000000-0000-8000-8000-000000001082',
    'ffffffff-ffff-8fff-bfff-ffffffffffff',
    'x'.repeat(10_000),
  ]) {
    t.is(ids.codeOf(id), undefined, id)
  }
  t.is(ids.codeOf(ids.idOfDomain(DOMAINS[0]!)), undefined)
})

test('an id of a domain that the service has no more leads to nothing', (t) => {
  for (const plain of ['abc', 'a'.repeat(64)]) {
    const id = new KuttIds(DOMAINS).idOf(parseFullCode(`go.example/${plain}`)!)
    t.is(new KuttIds([]).codeOf(id), undefined, plain)
  }
})
