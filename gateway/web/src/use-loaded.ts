/**
 * Something read from the service when a part of the page is looked at, and again from time to time.
 *
 * Used by the pages of webhooks and reports. What was read stays while it is read anew, or cannot be.
 */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { toApiError, type ApiError } from './service-call.ts'

interface Loaded<Value> {
  readonly value: Value | undefined
  readonly error: ApiError | undefined
  readonly reload: () => void
}

/** @param load another one than before is asked at once, and what the one before said forgotten */
export function useLoaded<Value>(
  load: (signal: AbortSignal) => Promise<Value>,
  refreshMs: number,
): Loaded<Value> {
  const [state, setState] = useState<{ load: typeof load; value?: Value; error?: ApiError }>()
  const [wishes, setWishes] = useState(0)

  useEffect(() => {
    const stopping = new AbortController()
    const { signal } = stopping
    let timer: number | undefined
    async function read(): Promise<void> {
      try {
        const value = await load(signal)
        if (!signal.aborted) setState({ load, value })
      } catch (failure) {
        const error = toApiError(failure)
        if (!signal.aborted) {
          setState((before) => ({ ...(before?.load === load ? before : { load }), error }))
        }
      }
      if (!signal.aborted) timer = window.setTimeout(() => void read(), refreshMs)
    }
    void read()
    return () => {
      stopping.abort()
      window.clearTimeout(timer)
    }
  }, [load, refreshMs, wishes])

  const reload = useCallback(() => setWishes((count) => count + 1), [])
  const current = state?.load === load ? state : undefined
  return { value: current?.value, error: current?.error, reload }
}
