/**
 * A part of the page that is fetched when it is first looked at: the dashboard's map and charts are most
 * of the page's code, and whoever shortens a link waits for none of it. Used by the app.
 */
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Api } from './api.ts'
import { FailureNotice } from './failure-notice.tsx'
import { ApiError } from './service-call.ts'
import type { View } from './view.ts'

type Part = ComponentType<{ api: Api }>

const PARTS = {
  stats: async (): Promise<Part> => (await import('./stats/stats-page.tsx')).StatsPage,
  reports: async (): Promise<Part> => (await import('./reports/reports-page.tsx')).ReportsPage,
  keys: async (): Promise<Part> => (await import('./keys/keys-page.tsx')).KeysPage,
  hosts: async (): Promise<Part> => (await import('./hosts/hosts-page.tsx')).HostsPage,
  webhooks: async (): Promise<Part> => (await import('./hooks/webhooks-page.tsx')).WebhooksPage,
}

export function isLazy(view: View): view is keyof typeof PARTS {
  return Object.hasOwn(PARTS, view)
}

export function LazyPart({ api, part }: { api: Api; part: keyof typeof PARTS }) {
  const [loaded, setLoaded] = useState<{ readonly Page: Part }>()
  const [failure, setFailure] = useState<ApiError>()
  const [attempts, setAttempts] = useState(0)
  useEffect(() => {
    PARTS[part]().then(
      (Page) => setLoaded({ Page }),
      () => setFailure(new ApiError('offline', 'This part of the page cannot be fetched.')),
    )
  }, [attempts])

  if (loaded !== undefined) return <loaded.Page api={api} />
  if (failure === undefined) return <p class="muted">Loading …</p>
  return <FailureNotice error={failure} onRetry={() => setAttempts((count) => count + 1)} />
}
