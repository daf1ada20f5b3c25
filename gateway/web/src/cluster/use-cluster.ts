/**
 * The cluster as it is now: asked for once a second while someone can see it.
 *
 * Used by the cluster page. One question at a time; none while the page is hidden, and one at once
 * when it is seen again. After a failure the last answer stays, and asking goes on.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import { toApiError, type ApiError } from '../service-call.ts'
import type { ClusterStatus } from './status.ts'

const INTERVAL_MS = 1_000

export interface Cluster {
  readonly status: ClusterStatus | undefined
  /** Why the last question was not answered. */
  readonly error: ApiError | undefined
  readonly retry: () => void
}

interface State {
  readonly status: ClusterStatus | undefined
  readonly error: ApiError | undefined
}

export function useCluster(api: Api): Cluster {
  const [state, setState] = useState<State>({ status: undefined, error: undefined })
  const ask = useRef(() => {})
  useEffect(() => {
    const stopping = new AbortController()
    const { signal } = stopping
    let timer: number | undefined
    let isAsking = false

    async function question(): Promise<void> {
      try {
        const status = await api.cluster(signal)
        if (!signal.aborted) setState({ status, error: undefined })
      } catch (failure) {
        if (signal.aborted) return
        const error = toApiError(failure)
        setState(({ status }) => ({ status, error }))
      }
    }
    ask.current = () => {
      window.clearTimeout(timer)
      if (isAsking || document.hidden || signal.aborted) return
      isAsking = true
      const next = performance.now() + INTERVAL_MS
      void question().finally(() => {
        isAsking = false
        timer = window.setTimeout(ask.current, Math.max(0, next - performance.now()))
      })
    }
    ask.current()
    document.addEventListener('visibilitychange', ask.current)
    return () => {
      stopping.abort()
      window.clearTimeout(timer)
      document.removeEventListener('visibilitychange', ask.current)
    }
  }, [api])
  const retry = useCallback(() => ask.current(), [])
  return { ...state, retry }
}
