/**
 * Who is signed in: by the API key, where it comes from and how long it stays; or by an account (`person.ts`).
 *
 * Used by the app. A key in the address (`#key=...`, as the service prints it at its first start)
 * signs in and is at once taken out of the address bar and the history. The key is kept in
 * localStorage, so that the next visit and other tabs are signed in too, until sign-out or until the
 * service refuses it. A key goes before a session. Who signs in by an account has the session in a cookie, which no
 * script can read; whether there is one the service is asked, if people sign in there at all.
 */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { askPerson, endSession, signsIn, type Person } from './person.ts'

const STORAGE_NAME = 'tinygrid.key'

export interface Session {
  readonly key: string | undefined
  /** Who is signed in by an account; undefined: nobody. */
  readonly person: Person | undefined
  /** Whether that is not known yet. */
  readonly isAsking: boolean
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

  const { person, isAsking, forget } = usePerson(state.key)

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
  const hasKey = state.key !== undefined
  const signOut = useCallback(() => {
    if (hasKey) set(undefined)
    else void leaveAccount(forget)
  }, [hasKey])
  const refuse = useCallback(() => {
    if (hasKey) set(undefined, true)
    else forget()
  }, [hasKey])
  return { ...state, person, isAsking, signIn, signOut, refuse }
}

/** Who is signed in by an account, as long as there is no key. */
function usePerson(key: string | undefined) {
  const [person, setPerson] = useState<Person>()
  const [isAsking, setAsking] = useState(() => key === undefined && signsIn())
  useEffect(() => {
    if (key !== undefined || !signsIn()) return setPerson(undefined)
    let isWanted = true
    setAsking(true)
    void askPerson().then((found) => {
      if (!isWanted) return
      setPerson(found)
      setAsking(false)
    })
    return () => {
      isWanted = false
      setAsking(false)
    }
  }, [key])
  const forget = useCallback(() => setPerson(undefined), [])
  return { person, isAsking, forget }
}

/** Where the service cannot be reached the person stays signed in. */
async function leaveAccount(forget: () => void): Promise<void> {
  try {
    const url = await endSession()
    if (url === undefined) forget()
    else location.assign(url)
  } catch {
    return
  }
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
