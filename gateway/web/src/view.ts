/**
 * Which part of the page is shown: `#/cluster` in the address is the cluster, all else the links.
 *
 * Used by the app and the header. In the fragment, because the service answers every other path as
 * a short link.
 */
import { useEffect, useState } from 'preact/hooks'

export type View = 'links' | 'cluster'

export const VIEW_ADDRESSES: Readonly<Record<View, string>> = { links: '#/', cluster: '#/cluster' }

export function useView(): View {
  const [view, setView] = useState(currentView)
  useEffect(() => {
    const onHashChange = () => setView(currentView())
    window.addEventListener('hashchange', onHashChange)
    return () => window.removeEventListener('hashchange', onHashChange)
  }, [])
  useEffect(() => {
    document.title = view === 'cluster' ? 'Cluster · Tinygrid' : 'Tinygrid'
  }, [view])
  return view
}

function currentView(): View {
  return location.hash === VIEW_ADDRESSES.cluster ? 'cluster' : 'links'
}
