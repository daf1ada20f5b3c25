import test from 'ava'
import { NEW_WEBHOOK, webhookDraftOf, webhookFieldsOf } from './webhook-draft.ts'
import type { Webhook } from './hooks-api.ts'

const DRAFT = { ...NEW_WEBHOOK, url: ' https://a.example/ ', codes: '/jazz, blues,', tags: 'a, b' }

test('lists are separated by commas, and a code may have its slash', (t) => {
  t.deepEqual(webhookFieldsOf(DRAFT), {
    url: 'https://a.example/',
    events: ['click'],
    codes: ['jazz', 'blues'],
    tags: ['a', 'b'],
    thresholds: [],
  })
})

test('thresholds go with their event; what is no number is for the service to refuse', (t) => {
  const thresholds = '100, many'
  t.deepEqual(webhookFieldsOf({ ...DRAFT, thresholds }).thresholds, [])
  const told = webhookFieldsOf({ ...DRAFT, thresholds, events: ['threshold'] })
  t.deepEqual(told.thresholds, [100, 'many'])
})

test('a webhook that is opened and saved stays as it is', (t) => {
  const fields = {
    url: 'https://a.example/',
    events: ['click', 'threshold'],
    codes: ['a', 'b'],
    tags: ['x y'],
    thresholds: [10, 2000],
  } as const
  t.deepEqual(webhookFieldsOf(webhookDraftOf(fields as unknown as Webhook)), fields)
})

test('a secret is sent where one was given', (t) => {
  t.is(webhookFieldsOf({ ...DRAFT, secret: ' whsec_x ' }).secret, 'whsec_x')
})
