/**
 * The dashboard, fetched when it is first looked at: its map and charts are most of the page's code,
 * and whoever shortens a link waits for none of it. Used by the app.
 */
import { useEffect, useState } from 'preact/hooks'
import type { Api } from './api.ts'
import { FailureNotice } from './failure-notice.tsx'
import { ApiError } from './service-call.ts'
import type { StatsPage } from './stats/stats-page.tsx'

export function LazyStats({ api }: { api: Api }) {
  const [loaded, setLoaded] = useState<{ readonly Page: typeof StatsPage }>()
  const [failure, setFailure] = useState<ApiError>()
  const [attempts, setAttempts] = useState(0)
  useEffect(() => {
    import('./stats/stats-page.tsx').then(
      ({ StatsPage: Page }) => setLoaded({ Page }),
      () => setFailure(new ApiError('offline', 'This part of the page cannot be fetched.')),
    )
  }, [attempts])

  if (loaded !== undefined) return <loaded.Page api={api} />
  if (failure === undefined) return <p class="muted">Loading …</p>
  return <FailureNotice error={failure} onRetry={() => setAttempts((count) => count + 1)} />
}
