/**
 * Light or dark: the system's choice, unless the reader chose the other one here.
 *
 * Used by main (before the first paint) and by the header's button. The choice is kept in
 * localStorage only while it differs from the system's, so that choosing the system's own again
 * follows the system again.
 */
import { useCallback, useEffect, useState } from 'preact/hooks'

export type Theme = 'light' | 'dark'

const STORAGE_NAME = 'tinygrid.theme'
const systemIsDark = matchMedia('(prefers-color-scheme: dark)')

export function useTheme(): { theme: Theme; toggle: () => void } {
  const [theme, setTheme] = useState<Theme>(currentTheme)

  useEffect(() => {
    const onChange = () => setTheme(currentTheme())
    systemIsDark.addEventListener('change', onChange)
    return () => systemIsDark.removeEventListener('change', onChange)
  }, [])

  const toggle = useCallback(() => {
    const other = currentTheme() === 'dark' ? 'light' : 'dark'
    choose(other)
    setTheme(other)
  }, [])
  return { theme, toggle }
}

/** Shows the kept choice; without one, the style sheet follows the system by itself. */
export function applyKeptTheme(): void {
  const kept = keptTheme()
  if (kept !== undefined) document.documentElement.dataset['theme'] = kept
}

function currentTheme(): Theme {
  return (document.documentElement.dataset['theme'] as Theme | undefined) ?? systemTheme()
}

const systemTheme = (): Theme => (systemIsDark.matches ? 'dark' : 'light')

function choose(theme: Theme): void {
  const followsSystem = theme === systemTheme()
  if (followsSystem) delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
  try {
    if (followsSystem) localStorage.removeItem(STORAGE_NAME)
    else localStorage.setItem(STORAGE_NAME, theme)
  } catch {
    return
  }
}

function keptTheme(): Theme | undefined {
  try {
    const kept = localStorage.getItem(STORAGE_NAME)
    return kept === 'light' || kept === 'dark' ? kept : undefined
  } catch {
    return undefined
  }
}
