/**
 * Reports in words. Used by their pages.
 */
import { timeText } from '../hooks/hook-words.ts'
import type { Webhook } from '../hooks/hooks-api.ts'
import type { Field } from '../stats/answer.ts'
import { BOT_CHOICE_NAMES, FIELD_NAMES, hourName, valueName } from '../stats/words.ts'
import type { Report, ReportFields, ReportPeriod } from './reports-api.ts'

export const PERIOD_NAMES: Readonly<Record<ReportPeriod, string>> = {
  day: 'Day',
  week: 'Week',
  month: 'Month',
}

/** `Each week, by country and browser · /jazz · Without bots · Berlin's time`. */
export function askedText(report: ReportFields): string {
  const { period, groupBy, code, timezone } = report
  const by = groupBy.length === 0 ? '' : `, by ${groupBy.map(lowerName).join(' and ')}`
  const of = code === null ? [] : [`/${code}`]
  return [`Each ${period}${by}`, ...of, ...filterTexts(report), zoneName(timezone)].join(' · ')
}

/** What narrows the report, one text for each filter and one for bots. */
export function filterTexts({ filters, bots }: ReportFields): string[] {
  const texts = filters.map(({ field, values }) => {
    return `${FIELD_NAMES[field]}: ${values.map((value) => valueName(field, value)).join(', ')}`
  })
  return [...texts, BOT_CHOICE_NAMES[bots]]
}

export const zoneName = (zone: string) => zone.replaceAll('_', ' ')

export function scheduleText({ schedule, timezone }: Report, webhooks: readonly Webhook[]): string {
  if (schedule === null) return 'Not sent by itself'
  const { to, hour } = schedule
  const when = `At ${hourName(hour)} in ${zoneName(timezone)}, when a period has ended`
  if (to === 'directory') return `${when}, into the directory for reports`
  const webhook = webhooks.find(({ id }) => id === to.webhook)
  return `${when}, to ${webhook === undefined ? 'a webhook that is gone' : webhook.url}`
}

export function sentText({ sentTo }: Report): string {
  return sentTo === null ? 'Nothing yet' : `The period that ended ${timeText(sentTo)}`
}

/** The first day and the last one, by the wall clock of the zone. */
export function spanText(from: string, to: string, zone: string): string {
  const days = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: zone })
  return days.formatRange(Date.parse(from), Date.parse(to) - 1)
}

export function groupNames(fields: readonly Field[], values: readonly string[]): string[] {
  return fields.map((field, index) => valueName(field, values[index] ?? ''))
}

const lowerName = (field: Field) => FIELD_NAMES[field].toLowerCase()
