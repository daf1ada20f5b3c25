/**
 * The whole page, and who may see which part of it.
 *
 * The form is there for everyone; the list, its tools and the cluster once a key is known.
 */
import { useMemo, useState } from 'preact/hooks'
import { Announcer } from './announcer.tsx'
import { connect, type Created } from './api.ts'
import { ClusterPage } from './cluster/cluster-page.tsx'
import { isLazy, LazyPart } from './lazy-part.tsx'
import { LinkListSection } from './link-list-section.tsx'
import { created } from './link-list-state.ts'
import { RoleContext } from './person.ts'
import { PageHeader } from './page-header.tsx'
import { useSession } from './session.ts'
import { ShortenForm } from './shorten-form.tsx'
import { SignInForm } from './sign-in-form.tsx'
import { useLinks } from './use-links.ts'
import { useView } from './view.ts'

export function App() {
  const { key, person, isAsking, wasRefused, signIn, signOut, refuse } = useSession()
  const view = useView()
  const [keyRequests, setKeyRequests] = useState(0)
  const isSignedIn = key !== undefined || person !== undefined
  const api = useMemo(
    () =>
      connect(
        isSignedIn ? { key, hasSession: person !== undefined, onUnauthorized: refuse } : { key },
      ),
    [key, person, refuse],
  )
  const list = useLinks(api, isSignedIn)
  const [result, setResult] = useState<Created>()

  function showResult(made: Created | undefined): void {
    setResult(made)
    if (made !== undefined) list.tell(created(made.link))
  }
  function forgetResult(code: string): void {
    setResult((shown) => (shown?.link.code === code ? undefined : shown))
  }
  function leave(): void {
    setResult(undefined)
    signOut()
  }

  return (
    <Announcer>
      <RoleContext.Provider value={person?.role ?? 'admin'}>
        <PageHeader isSignedIn={isSignedIn} person={person} view={view} onSignOut={leave} />
        <main class="page-main">
          {view === 'links' && person?.role !== 'read' && (
            <ShortenForm
              api={api}
              result={result}
              onResult={showResult}
              onKeyNeeded={() => setKeyRequests((requests) => requests + 1)}
            />
          )}
          {isSignedIn && view === 'links' && (
            <LinkListSection api={api} list={list} onDeleted={forgetResult} />
          )}
          {isSignedIn && isLazy(view) && <LazyPart key={view} api={api} part={view} />}
          {isSignedIn && view === 'cluster' && <ClusterPage api={api} />}
          {!isSignedIn && !isAsking && (
            <SignInForm wasRefused={wasRefused} requests={keyRequests} onSignIn={signIn} />
          )}
        </main>
        <footer class="page-footer">
          <a href="/docs/">Documentation</a>
        </footer>
      </RoleContext.Provider>
    </Announcer>
  )
}
