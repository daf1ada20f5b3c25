/**
 * Webhooks in words. Used by the pages of webhooks and reports.
 */
import { shownCode } from '../full-code.ts'
import type { Attempt, HookEvent, Retried, Webhook } from './hooks-api.ts'

export const EVENT_NAMES: Readonly<Record<HookEvent, string>> = {
  click: 'Clicks',
  threshold: 'Thresholds of visits',
  'link.created': 'Links made',
  'link.changed': 'Links changed',
  'link.deleted': 'Links deleted',
}

const counting = new Intl.NumberFormat('en')
const times = new Intl.DateTimeFormat('en', {
  dateStyle: 'medium',
  timeStyle: 'medium',
  hourCycle: 'h23',
})

export const timeText = (iso: string) => times.format(Date.parse(iso))

/** `Clicks, links made · of /jazz`. */
export function toldText({ events, codes, tags, thresholds }: Webhook): string {
  const told = events.map((event) =>
    event === 'threshold'
      ? `thresholds of ${thresholds.map((one) => counting.format(Number(one))).join(', ')} visits`
      : EVENT_NAMES[event].toLowerCase(),
  )
  const links = codes.length === 0 ? [] : [`of ${codes.map(shownCode).join(', ')}`]
  const tagged = tags.length === 0 ? [] : [`links tagged ${tags.join(', ')}`]
  const text = [told.join(', '), ...links, ...tagged].join(' · ')
  return text[0]!.toUpperCase() + text.slice(1)
}

export function lagText({ lag, lost }: Webhook): string {
  const missed = lost === 0 ? '' : `; ${counting.format(lost)} lost`
  if (lag === null) return `Nothing is kept while it is off${missed}`
  return `${lag === 0 ? 'None' : counting.format(lag)}${missed}`
}

export function attemptText({ kind, status, reason }: Attempt): string {
  if (kind === 'delivered') return `Delivered: the receiver answered ${status ?? 'that it has it'}.`
  return `Not delivered: ${reason ?? 'no reason is known'}.`
}

export function retriedText({ delivered, failed }: Retried): string {
  if (failed === 0) return `All ${counting.format(delivered)} were taken.`
  return `${counting.format(delivered)} taken, ${counting.format(failed)} failed again.`
}
