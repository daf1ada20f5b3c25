/**
 * What every part of the dashboard needs: what is asked for, and how to narrow it.
 *
 * Made by the stats page, passed to its parts.
 */
import type { Api } from '../api.ts'
import type { Field } from './answer.ts'
import type { ClickSelection } from './clicks-api.ts'
import type { Period } from './period.ts'
import { COMPARED_LINKS_MAX, isFiltered, toggled, type StatsView } from './stats-view.ts'
import type { ChangeView } from './use-stats-view.ts'

export interface Dashboard {
  readonly api: Api
  readonly view: StatsView
  readonly change: ChangeView
  readonly period: Period
  readonly zone: string
  readonly selection: ClickSelection
  readonly tick: number
  readonly slowTick: number
  readonly isChosen: (field: Field, value: string) => boolean
  readonly toggle: (field: Field, value: string) => void
}

/** A link is no filter but what the dashboard is about, so that several can be compared. */
export function isChosenIn(view: StatsView, field: Field, value: string): boolean {
  return field === 'code' ? view.codes.includes(value) : isFiltered(view, field, value)
}

export function toggledIn(view: StatsView, field: Field, value: string): StatsView {
  if (field !== 'code') return toggled(view, field, value)
  const codes = view.codes.includes(value)
    ? view.codes.filter((code) => code !== value)
    : [...view.codes, value].slice(-COMPARED_LINKS_MAX)
  return { ...view, codes }
}
