/**
 * Who is signed in: the API key, where it comes from and how long it stays.
 *
 * Used by the app. A key in the address (`#key=...`, as the service prints it at its first start)
 * signs in and is at once taken out of the address bar and the history. The key is kept in
 * localStorage, so that the next visit and other tabs are signed in too, until sign-out or until the
 * service refuses it. Rejected: a cookie, which the API would have to guard against forged requests.
 */
import { useCallback, useEffect, useState } from 'preact/hooks'

const STORAGE_NAME = 'tinygrid.key'

export interface Session {
  readonly key: string | undefined
  /** Whether the service refused the key that was used last. */
  readonly wasRefused: boolean
  readonly signIn: (key: string) => void
  readonly signOut: () => void
  readonly refuse: () => void
}

interface State {
  readonly key: string | undefined
  readonly wasRefused: boolean
}

export function useSession(): Session {
  const [state, setState] = useState<State>(() => ({ key: initialKey(), wasRefused: false }))

  const set = useCallback((key: string | undefined, wasRefused = false) => {
    keepKey(key)
    setState({ key, wasRefused })
  }, [])

  useEffect(() => {
    const onHashChange = () => {
      const key = takeKeyFromAddress()
      if (key !== undefined) set(key)
    }
    const onStorage = (event: StorageEvent) => {
      if (event.key === STORAGE_NAME) {
        setState({ key: event.newValue ?? undefined, wasRefused: false })
      }
    }
    window.addEventListener('hashchange', onHashChange)
    window.addEventListener('storage', onStorage)
    return () => {
      window.removeEventListener('hashchange', onHashChange)
      window.removeEventListener('storage', onStorage)
    }
  }, [])

  const signIn = useCallback((key: string) => set(key), [])
  const signOut = useCallback(() => set(undefined), [])
  const refuse = useCallback(() => set(undefined, true), [])
  return { ...state, signIn, signOut, refuse }
}

function initialKey(): string | undefined {
  const fromAddress = takeKeyFromAddress()
  if (fromAddress === undefined) return keptKey()
  keepKey(fromAddress)
  return fromAddress
}

function takeKeyFromAddress(): string | undefined {
  const key = /^#key=(.*)$/.exec(location.hash)?.[1]
  if (key === undefined) return undefined
  history.replaceState(null, '', location.pathname + location.search)
  return key === '' ? undefined : decoded(key)
}

/** Whoever wrote the address by hand may have left a percent sign as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A browser that keeps nothing for this page throws; the key then lasts as long as the page. */
function keptKey(): string | undefined {
  try {
    return localStorage.getItem(STORAGE_NAME) ?? undefined
  } catch {
    return undefined
  }
}

function keepKey(key: string | undefined): void {
  try {
    if (key === undefined) localStorage.removeItem(STORAGE_NAME)
    else localStorage.setItem(STORAGE_NAME, key)
  } catch {
    return
  }
}
