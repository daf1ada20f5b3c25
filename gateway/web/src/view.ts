/**
 * Which part of the page is shown: `#/cluster` in the address is the cluster, `#/stats` with what it
 * is asked the dashboard, `#/keys` who may ask, `#/hosts` where no link may lead, `#/webhooks` and `#/reports` with the one that is meant are those, all else
 * the links.
 *
 * Used by the app and the header. In the fragment, because the service answers every other path as
 * a short link.
 */
import { useEffect, useState } from 'preact/hooks'

const VIEWS = ['links', 'stats', 'reports', 'webhooks', 'cluster', 'keys', 'hosts'] as const
export type View = (typeof VIEWS)[number]

export const VIEW_ADDRESSES: Readonly<Record<View, string>> = {
  links: '#/',
  stats: '#/stats',
  reports: '#/reports',
  webhooks: '#/webhooks',
  cluster: '#/cluster',
  keys: '#/keys',
  hosts: '#/hosts',
}

const TITLES: Readonly<Record<View, string>> = {
  links: 'Tinygrid',
  stats: 'Clicks · Tinygrid',
  reports: 'Reports · Tinygrid',
  webhooks: 'Webhooks · Tinygrid',
  cluster: 'Cluster · Tinygrid',
  keys: 'Keys · Tinygrid',
  hosts: 'Blocked hosts · Tinygrid',
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
  const [part] = /^#\/[a-z]*/.exec(location.hash) ?? []
  return VIEWS.find((view) => VIEW_ADDRESSES[view] === part) ?? 'links'
}
