/**
 * Who is signed in by an account, and what its role lets the page show.
 *
 * Used by the session and by every part that shows what not everybody may do. The service decides by itself what is
 * allowed: what is hidden here would be refused there. Of a key the role is not known, so all is shown.
 */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { bodyOf, callerOf } from './service-call.ts'

/** Each may what those before it may. */
const ROLES = ['read', 'create', 'edit', 'admin'] as const
export type Role = (typeof ROLES)[number]

export interface Person {
  readonly name: string | null
  readonly role: Role
}

export const RoleContext = createContext<Role>('admin')

export function useMay(needed: Role): boolean {
  const role = useContext(RoleContext)
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}

/** As the service takes it. */
const RETURN_LENGTH_MAX = 512

/** Whether people sign in here: the service marks its page. */
export function signsIn(): boolean {
  return document.querySelector('meta[name="sign-in"]') !== null
}

/** Where signing in begins, to come back to this part of the page. */
export function signInAddress(): string {
  const here = `/${location.hash}`
  return `/api/sign-in?to=${encodeURIComponent(here.length > RETURN_LENGTH_MAX ? '/' : here)}`
}

const call = callerOf({ key: undefined, hasSession: true })

/** undefined: nobody, or it cannot be found out. */
export async function askPerson(): Promise<Person | undefined> {
  try {
    const reply = await bodyOf(await call('GET', '/api/session'))
    return (reply as { person: Person | null }).person ?? undefined
  } catch {
    return undefined
  }
}

/** Returns where to go on to sign out there, too; undefined: nowhere. @throws ApiError */
export async function endSession(): Promise<string | undefined> {
  const reply = await bodyOf(await call('POST', '/api/sign-out'))
  return (reply as { url: string | null }).url ?? undefined
}
