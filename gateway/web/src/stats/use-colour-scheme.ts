/**
 * Rises when the page's colours change, for what is drawn on a canvas.
 */
import { useEffect, useState } from 'preact/hooks'

export function useColourScheme(): number {
  const [changes, setChanges] = useState(0)
  useEffect(() => {
    const onChange = () => setChanges((count) => count + 1)
    const system = matchMedia('(prefers-color-scheme: dark)')
    const choosing = new MutationObserver(onChange)
    system.addEventListener('change', onChange)
    choosing.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => {
      system.removeEventListener('change', onChange)
      choosing.disconnect()
    }
  }, [])
  return changes
}
