/**
 * How addresses appear on the page. Used wherever a link is shown.
 *
 * The service stores only http and https, but the page does not rely on it: anything else is text,
 * never something to click.
 */

/** The address, if it may be the target of an anchor. */
export function safeHref(address: string): string | undefined {
  const isWeb = URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)
  return isWeb ? address : undefined
}

/** For reading: without the scheme, and without a slash that says nothing. */
export function displayAddress(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/^([^/?#]+)\/$/, '$1')
}
