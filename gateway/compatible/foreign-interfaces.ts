/**
 * The names of the interfaces of other shorteners, as the settings write them, and where each is.
 */
export const FOREIGN_INTERFACES = ['shlink', 'yourls', 'bitly', 'kutt'] as const
export type ForeignInterface = (typeof FOREIGN_INTERFACES)[number]

const ADDRESSES: Readonly<Record<ForeignInterface, string>> = {
  shlink: '/rest/',
  yourls: '/yourls-api.php',
  bitly: '/v4/',
  kutt: '/api/v2/',
}

/** What all their addresses begin with. */
export function foreignAddresses(names: readonly ForeignInterface[]): string[] {
  return names.map((name) => ADDRESSES[name])
}
