/**
 * Whether an element is in view: what nobody sees need not be counted.
 *
 * Used by figures, so that a filter is answered for those that are looked at, and a click that comes
 * makes the service count no more than these.
 */
import type { RefObject } from 'preact'
import { useEffect, useState } from 'preact/hooks'

export function useInView(element: RefObject<Element | null>): boolean {
  const [isInView, setInView] = useState(false)
  useEffect(() => {
    const watching = new IntersectionObserver((entries) =>
      setInView(entries.at(-1)!.isIntersecting),
    )
    watching.observe(element.current!)
    return () => watching.disconnect()
  }, [])
  return isInView
}
