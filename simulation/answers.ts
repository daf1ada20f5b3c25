/**
 * Turns what a node answers into the outcomes of the register, and its errors into what is known.
 */
import { hasCode } from '../links/errors.ts'
import type { Link, Lookup } from '../links/link.ts'
import type { WriteResult } from '../links/link-owner.ts'
import { shown, type Outcome } from './register.ts'

export function outcomeOfLookup(lookup: Lookup): Outcome {
  switch (lookup.kind) {
    case 'redirect':
      return `redirect ${lookup.url}`
    case 'gone':
      return `gone ${lookup.reason}`
    case 'absent':
    case 'metered':
    case 'protected':
    case 'ruled':
    case 'scheduled':
    case 'unknown':
      return lookup.kind
  }
}

export function outcomeOfLink(link: Link | undefined): Outcome {
  if (link === undefined || link.lifecycle === 'purged') return 'absent'
  const isRuled = link.rules !== undefined
  return shown({ ...link, isDeleted: link.lifecycle === 'deleted', isRuled })
}

export function outcomeOfWrite(result: WriteResult): Outcome {
  switch (result.kind) {
    case 'created':
    case 'reused':
      return `${result.kind} ${result.link.url}`
    case 'done':
      return `done ${outcomeOfLink(result.link)}`
    case 'gone':
      return `gone ${result.reason}`
    case 'redirect':
      return `redirect ${result.url}`
    case 'taken':
    case 'absent':
    case 'not_deleted':
    case 'unfit':
    case 'stale':
      return result.kind
  }
}

/** Whether a write that was answered so has changed something, and is remembered by its id. */
export function hasEffect(result: WriteResult): boolean {
  return result.kind === 'created' || result.kind === 'done' || result.kind === 'redirect'
}

/** Whether a write that failed so may have happened, or may yet. */
export function isUncertain(error: unknown): boolean {
  return hasCode(error, 'log_uncertain', 'owner_unavailable')
}
