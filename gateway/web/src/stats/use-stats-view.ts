/**
 * What the dashboard shows, as the address bar says it, and the way to change it.
 */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { addressOf, viewOf, type StatsView } from './stats-view.ts'

export type ChangeView = (change: (view: StatsView) => StatsView) => void

export function useStatsView(): [StatsView, ChangeView] {
  const [view, setView] = useState(() => viewOf(location.hash))
  useEffect(() => {
    const onHashChange = () => setView(viewOf(location.hash))
    window.addEventListener('hashchange', onHashChange)
    return () => window.removeEventListener('hashchange', onHashChange)
  }, [])
  const change = useCallback<ChangeView>((make) => {
    location.hash = addressOf(make(viewOf(location.hash)))
  }, [])
  return [view, change]
}
