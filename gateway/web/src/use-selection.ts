/**
 * Which links of the list are chosen. Used by the list.
 *
 * Only what is listed and not deleted can be chosen: a link that leaves the list is chosen no longer.
 */
import { useMemo, useState } from 'preact/hooks'
import type { Link } from './api.ts'
import type { Entry } from './link-list-state.ts'

export interface Selection {
  /** In the order of the list. */
  readonly links: readonly Link[]
  readonly has: (code: string) => boolean
  readonly toggle: (code: string) => void
  readonly isAll: boolean
  readonly toggleAll: () => void
  readonly clear: () => void
}

export function useSelection(entries: readonly Entry[]): Selection {
  const [codes, setCodes] = useState<ReadonlySet<string>>(new Set())
  return useMemo(() => {
    const listed = entries.filter(({ isDeleted }) => !isDeleted).map(({ link }) => link)
    const links = listed.filter(({ code }) => codes.has(code))
    const isAll = listed.length > 0 && links.length === listed.length
    return {
      links,
      has: (code) => codes.has(code),
      toggle: (code) =>
        setCodes((before) => {
          const after = new Set(before)
          if (!after.delete(code)) after.add(code)
          return after
        }),
      isAll,
      toggleAll: () => setCodes(new Set(isAll ? [] : listed.map(({ code }) => code))),
      clear: () => setCodes(new Set()),
    }
  }, [entries, codes])
}
