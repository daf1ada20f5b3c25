/**
 * How addresses appear on the page. Used wherever a link is shown.
 *
 * The service stores no address that is dangerous to follow, but the page does not rely on it: such a
 * one is text, never something to click.
 */
import { isTargetScheme } from '../../../links/target-schemes.ts'

/** The address, if it may be the target of an anchor. */
export function safeHref(address: string): string | undefined {
  const isSafe = URL.canParse(address) && isTargetScheme(new URL(address).protocol.slice(0, -1))
  return isSafe ? address : undefined
}

/** For reading: without the scheme, and without a slash that says nothing. */
export function displayAddress(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/^([^/?#]+)\/$/, '$1')
}
