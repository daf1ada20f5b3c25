/** What another interface calls the field that an error of ours is about. */
import type { TinygridError } from '../../links/errors.ts'

/** @param names of ours and theirs, where they differ @returns empty: it is about none */
export function foreignField(
  { field = '' }: Pick<TinygridError, 'field'>,
  names: Readonly<Record<string, string>>,
): string {
  const name = /^[^.[]*/.exec(field)![0]
  return names[name] ?? name
}
