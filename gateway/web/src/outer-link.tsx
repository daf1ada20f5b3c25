/**
 * A link away from the page. Used wherever a stored address may be followed.
 *
 * An address that is dangerous to follow is shown, but cannot be.
 */
import { safeHref } from './address.ts'

interface OuterLinkProps {
  readonly address: string
  readonly text: string
}

export function OuterLink({ address, text }: OuterLinkProps) {
  const href = safeHref(address)
  if (href === undefined) return <span title={address}>{text}</span>
  return (
    <a href={href} title={address} target="_blank" rel="noopener noreferrer">
      {text}
    </a>
  )
}
