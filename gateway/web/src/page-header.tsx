/**
 * The top of the page: its name, the way to its parts, light or dark, and the way out.
 */
import { Icon } from './icon.tsx'
import { useMay, type Person } from './person.ts'
import { useTheme } from './theme.ts'
import { VIEW_ADDRESSES, type View } from './view.ts'

interface PageHeaderProps {
  readonly isSignedIn: boolean
  /** undefined: signed in by a key, or not at all. */
  readonly person: Person | undefined
  readonly view: View
  readonly onSignOut: () => void
}

export function PageHeader({ isSignedIn, person, view, onSignOut }: PageHeaderProps) {
  const { theme, toggle } = useTheme()
  const isAdmin = useMay('admin')
  const other = theme === 'dark' ? 'light' : 'dark'
  return (
    <header class="page-header">
      <a class="brand" href="/">
        <BrandMark />
        Tinygrid
      </a>
      {isSignedIn && (
        <nav class="page-nav" aria-label="Parts of the page">
          <NavLink to="links" text="Links" current={view} />
          <NavLink to="stats" text="Clicks" current={view} />
          <NavLink to="reports" text="Reports" current={view} />
          {isAdmin && <NavLink to="webhooks" text="Webhooks" current={view} />}
          <NavLink to="cluster" text="Cluster" current={view} />
          {isAdmin && <NavLink to="keys" text="Keys" current={view} />}
          {isAdmin && <NavLink to="hosts" text="Hosts" current={view} />}
        </nav>
      )}
      <div class="page-header-actions">
        {person !== undefined && (
          <p class="signed-in">
            <span class="visually-hidden">Signed in: </span>
            <span class="signed-in-name" title={person.name ?? undefined}>
              {person.name ?? 'You'}
            </span>
            <span class="badge badge-plain">{person.role}</span>
          </p>
        )}
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

function NavLink({ to, text, current }: { to: View; text: string; current: View }) {
  return (
    <a href={VIEW_ADDRESSES[to]} aria-current={to === current ? 'page' : undefined}>
      {text}
    </a>
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
