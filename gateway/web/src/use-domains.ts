/**
 * The domains that a person may choose from, as the options of a choice; empty where there is one alone.
 *
 * Used by the shorten form and by the list. Who may not ask has no choice either.
 */
import { useEffect, useState } from 'preact/hooks'
import type { Api } from './api.ts'

type Options = readonly (readonly [value: string, name: string])[]

/** @param ofDefault the value that stands for the default domain */
export function useDomains(api: Api, ofDefault: string): Options {
  const [options, setOptions] = useState<Options>([])
  useEffect(() => {
    const stopping = new AbortController()
    api.domains(stopping.signal).then(
      ({ default: name, domains }) =>
        setOptions(
          domains.length === 0
            ? []
            : [[ofDefault, name ?? 'Default domain'], ...domains.map((one) => [one, one] as const)],
        ),
      () => undefined,
    )
    return () => stopping.abort()
  }, [api, ofDefault])
  return options
}
