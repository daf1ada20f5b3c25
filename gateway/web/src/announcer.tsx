/**
 * One line at the bottom of the window that says what has just been done, to eyes and ears alike.
 *
 * Used by the list for results whose own place on the page does not show them. Never carries
 * anything to click: whatever must be reachable has a place that does not vanish.
 */
import { createContext, type ComponentChildren } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'

const SHOWN_MS = 5000

const Announce = createContext<(text: string) => void>(() => undefined)

export const useAnnounce = () => useContext(Announce)

export function Announcer({ children }: { children: ComponentChildren }) {
  const [text, setText] = useState('')
  useEffect(() => {
    const timer = window.setTimeout(() => setText(''), SHOWN_MS)
    return () => window.clearTimeout(timer)
  }, [text])
  return (
    <Announce.Provider value={setText}>
      {children}
      <p class={text === '' ? 'toast toast-empty' : 'toast'} role="status">
        {text}
      </p>
    </Announce.Provider>
  )
}
