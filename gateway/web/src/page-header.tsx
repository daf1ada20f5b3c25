/**
 * The top of the page: its name, light or dark, and the way out.
 */
import { Icon } from './icon.tsx'
import { useTheme } from './theme.ts'

interface PageHeaderProps {
  readonly isSignedIn: boolean
  readonly onSignOut: () => void
}

export function PageHeader({ isSignedIn, onSignOut }: PageHeaderProps) {
  const { theme, toggle } = useTheme()
  const other = theme === 'dark' ? 'light' : 'dark'
  return (
    <header class="page-header">
      <a class="brand" href="/">
        <BrandMark />
        Tinygrid
      </a>
      <div class="page-header-actions">
        <button
          type="button"
          class="icon-button"
          aria-label={`Switch to ${other} colours`}
          title={`Switch to ${other} colours`}
          onClick={toggle}
        >
          <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
        </button>
        {isSignedIn && (
          <button type="button" class="button button-quiet" onClick={onSignOut}>
            Sign out
          </button>
        )}
      </div>
    </header>
  )
}

/** A grid of nine dots; the bright ones spell a T. */
function BrandMark() {
  const dots = [5, 12, 19].flatMap((y) => [5, 12, 19].map((x) => ({ x, y })))
  return (
    <svg class="brand-mark" viewBox="0 0 24 24" aria-hidden="true">
      {dots.map(({ x, y }) => (
        <circle cx={x} cy={y} r="2.6" class={y === 5 || x === 12 ? 'dot-bright' : 'dot'} />
      ))}
    </svg>
  )
}
