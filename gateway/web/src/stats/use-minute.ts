/**
 * The time, new every minute, for what is asked up to now.
 */
import { useEffect, useState } from 'preact/hooks'

const MINUTE_MS = 60_000

export function useMinute(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), MINUTE_MS)
    return () => window.clearInterval(timer)
  }, [])
  return now
}
