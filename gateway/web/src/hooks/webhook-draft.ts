/**
 * A webhook as it stands in the form, and as the service takes it. Pure.
 */
import { listOf, numberOrText } from '../list-text.ts'
import type { HookEvent, Webhook, WebhookFields } from './hooks-api.ts'

export interface WebhookDraft {
  readonly url: string
  readonly events: readonly HookEvent[]
  /** Separated by commas, as tags and thresholds. */
  readonly codes: string
  readonly tags: string
  readonly thresholds: string
  readonly secret: string
}

export const NEW_WEBHOOK: WebhookDraft = {
  url: '',
  events: ['click'],
  codes: '',
  tags: '',
  thresholds: '',
  secret: '',
}

export function webhookDraftOf({ url, events, codes, tags, thresholds }: Webhook): WebhookDraft {
  return {
    url,
    events,
    codes: codes.join(', '),
    tags: tags.join(', '),
    thresholds: thresholds.join(', '),
    secret: '',
  }
}

/** Thresholds are told with their event alone, whatever stands in the field. */
export function webhookFieldsOf(draft: WebhookDraft): WebhookFields {
  const isAtThresholds = draft.events.includes('threshold')
  const secret = draft.secret.trim()
  return {
    url: draft.url.trim(),
    events: draft.events,
    codes: listOf(draft.codes).map((code) => code.replace(/^\//, '')),
    tags: listOf(draft.tags),
    thresholds: isAtThresholds ? listOf(draft.thresholds).map(numberOrText) : [],
    ...(secret === '' ? {} : { secret }),
  }
}
