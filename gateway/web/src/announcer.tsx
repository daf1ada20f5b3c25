/**
 * One line at the bottom of the window that says what has just been done, to eyes and ears alike.
 *
 * Used by the list for results whose own place on the page does not show them. Never carries
 * anything to click: whatever must be reachable has a place that does not vanish.
 */
import { createContext, type ComponentChildren } from 'preact'
import { useCallback, useContext, useEffect, useState } from 'preact/hooks'

const SHOWN_MS = 5000
const NOTHING = { text: '' }

const Announce = createContext<(text: string) => void>(() => undefined)

export const useAnnounce = () => useContext(Announce)

export function Announcer({ children }: { children: ComponentChildren }) {
  const [shown, show] = useState(NOTHING)
  useEffect(() => {
    // The next may be there already and its effect still to come: only this one is taken away.
    const hide = () => show((now) => (now === shown ? NOTHING : now))
    const timer = window.setTimeout(hide, SHOWN_MS)
    return () => window.clearTimeout(timer)
  }, [shown])
  const announce = useCallback((text: string) => show({ text }), [])
  const { text } = shown
  return (
    <Announce.Provider value={announce}>
      {children}
      <p class={text === '' ? 'toast toast-empty' : 'toast'} role="status">
        {text}
      </p>
    </Announce.Provider>
  )
}
