/** Rules in a form mean what they meant before, and what is typed is what is asked for. */
import test from 'ava'
import { EMPTY_RULE, ruleComplaint, ruleText, rulesOf, textOfRules } from './rule-draft.ts'

const TIMES = {
  toUtc: (local: string) => `${local}:00Z`,
  toLocal: (utc: string) => utc.slice(0, 16),
}

test('rules of a link come back from the form as they were', (t) => {
  const rules = [
    { devices: ['ios', 'android'], url: 'https://example.com/app' },
    {
      languages: ['de'],
      countries: ['AT'],
      from: '2030-01-01T08:00:00Z',
      url: 'https://a.example/',
    },
    {
      to: '2031-01-01T08:00:00Z',
      targets: [
        { url: 'https://a.example/', weight: 70 },
        { url: 'https://b.example/', weight: 30 },
      ],
    },
  ]
  t.deepEqual(rulesOf(textOfRules(rules, TIMES), TIMES), rules)
  t.is(textOfRules([], TIMES), '')
  t.is(rulesOf('', TIMES), null)
})

test('what is typed carelessly is understood, and what is wrong is left for the service to say', (t) => {
  const text = ruleText([
    { ...EMPTY_RULE, devices: ' iOS,, Mobile ', targets: '\n https://a.example/ \n' },
    { ...EMPTY_RULE, targets: 'https://a.example/\n5 https://b.example/' },
    EMPTY_RULE,
  ])
  t.deepEqual(rulesOf(text, TIMES), [
    { devices: ['ios', 'mobile'], url: 'https://a.example/' },
    { targets: [{ url: 'https://a.example/' }, { url: 'https://b.example/', weight: 5 }] },
    { url: '' },
  ])
})

test('a complaint names the rule by the number that is shown', (t) => {
  t.is(ruleComplaint('rules[2].url', 'No.'), 'Rule 3: No.')
  t.is(ruleComplaint('rules', 'Too many.'), 'Too many.')
})
