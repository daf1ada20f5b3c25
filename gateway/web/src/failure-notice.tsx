/**
 * Says what failed, in a sentence, and offers to try again where that can help.
 *
 * Used by the forms, the list and its rows. Where the service named a time to come back, the button
 * waits for it and counts down; when the browser is online again, it tries by itself.
 */
import { useEffect, useState } from 'preact/hooks'
import type { ApiError } from './service-call.ts'

interface FailureNoticeProps {
  readonly error: ApiError
  readonly onRetry?: () => void
}

export function FailureNotice({ error, onRetry }: FailureNoticeProps) {
  const canHelp =
    error.retryAfterSeconds !== undefined || ['offline', 'timeout'].includes(error.code)
  return (
    <div class="notice notice-failure">
      <p role="alert">{error.message}</p>
      {canHelp && onRetry !== undefined && <RetryButton error={error} onRetry={onRetry} />}
    </div>
  )
}

function RetryButton({ error, onRetry }: Required<FailureNoticeProps>) {
  const secondsLeft = useCountdown(error)
  useEffect(() => {
    if (error.code !== 'offline') return undefined
    window.addEventListener('online', onRetry)
    return () => window.removeEventListener('online', onRetry)
  }, [error, onRetry])

  return (
    <button type="button" class="button" disabled={secondsLeft > 0} onClick={onRetry}>
      {secondsLeft > 0 ? `Try again in ${secondsLeft} s` : 'Try again'}
    </button>
  )
}

function useCountdown(error: ApiError): number {
  const [secondsLeft, setSecondsLeft] = useState(error.retryAfterSeconds ?? 0)
  useEffect(() => {
    setSecondsLeft(error.retryAfterSeconds ?? 0)
    const timer = window.setInterval(() => setSecondsLeft((left) => Math.max(0, left - 1)), 1000)
    return () => window.clearInterval(timer)
  }, [error])
  return secondsLeft
}
