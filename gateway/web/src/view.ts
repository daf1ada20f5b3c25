/**
 * Which part of the page is shown: `#/cluster` in the address is the cluster, `#/stats` with what it
 * is asked the dashboard, all else the links.
 *
 * Used by the app and the header. In the fragment, because the service answers every other path as
 * a short link.
 */
import { useEffect, useState } from 'preact/hooks'

export type View = 'links' | 'stats' | 'cluster'

export const VIEW_ADDRESSES: Readonly<Record<View, string>> = {
  links: '#/',
  stats: '#/stats',
  cluster: '#/cluster',
}

const TITLES: Readonly<Record<View, string>> = {
  links: 'Tinygrid',
  stats: 'Clicks · Tinygrid',
  cluster: 'Cluster · Tinygrid',
}

export function useView(): View {
  const [view, setView] = useState(currentView)
  useEffect(() => {
    const onHashChange = () => setView(currentView())
    window.addEventListener('hashchange', onHashChange)
    return () => window.removeEventListener('hashchange', onHashChange)
  }, [])
  useEffect(() => {
    document.title = TITLES[view]
  }, [view])
  return view
}

function currentView(): View {
  const [address] = location.hash.split('?')
  if (address === VIEW_ADDRESSES.stats) return 'stats'
  return address === VIEW_ADDRESSES.cluster ? 'cluster' : 'links'
}
