/**
 * Links of every kind that the older program does not know, for tests of what it does when it meets them.
 *
 * `format` is the format of log entries in which they stand (`formatOfRecord`). When the older program is made
 * anew, what it knows by then goes, and what is new by then comes.
 */
import type { RecordFormat } from '../../links/record-format.ts'
import type { Program } from '../program.ts'

/** What today's nodes need so that such links can be made. */
export const NEWER_SETTINGS = {
  TINYGRID_DOMAINS: 'go.example',
  TINYGRID_TARGET_SCHEMES: 'http,https,mailto',
}

export interface NewerLink {
  readonly kind: string
  readonly format: RecordFormat
  readonly fields: Readonly<Record<string, unknown>> & { readonly url: string }
}

const URL = 'https://example.org/newer'

export const NEWER_LINKS: readonly NewerLink[] = [
  { kind: 'status', format: 2, fields: { url: URL, redirectStatus: 307 } },
  { kind: 'password', format: 2, fields: { url: URL, password: 'a long password' } },
  { kind: 'mail', format: 2, fields: { url: 'mailto:a@example.org' } },
  { kind: 'long', format: 2, fields: { url: URL.padEnd(5_000, 'x') } },
  { kind: 'domain', format: 3, fields: { url: URL, domain: 'go.example' } },
]

/** As the log and the stores name the link. */
export function fullCodeOf({ fields }: NewerLink, code: string): string {
  return 'domain' in fields ? `${String(fields['domain'])}/${code}` : code
}

/** What a node of today is asked for it. */
export function routeOf({ fields }: NewerLink, code: string): string {
  return `/api/links/${code}${'domain' in fields ? `?domain=${String(fields['domain'])}` : ''}`
}

/** What a node of today says of it. */
export async function shownBy(
  program: Program,
  link: NewerLink,
  code: string,
): Promise<Record<string, unknown>> {
  return (await (await program.api(routeOf(link, code))).json()) as Record<string, unknown>
}

/** The fields that it was made with; a password is shown as whether there is one. */
export function expectedOf({ fields }: NewerLink): Record<string, unknown> {
  const { password, ...shown } = fields
  return password === undefined ? shown : { ...shown, hasPassword: true }
}
