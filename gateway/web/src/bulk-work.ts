/**
 * The same done to many links: a few at a time, each for itself, so that one that fails stops no other.
 *
 * Used by the bar of the chosen links.
 */
import type { Api, Link } from './api.ts'
import { ApiError, toApiError } from './service-call.ts'

const AT_ONCE = 4
const CLASHES_MAX = 3

export interface BulkOutcome {
  readonly done: readonly Link[]
  /** The first failure of `failures`. */
  readonly error: ApiError | undefined
  readonly failures: number
}

/** @param act gives the link as it is afterwards */
export async function forEachLink(
  links: readonly Link[],
  act: (link: Link) => Promise<Link>,
): Promise<BulkOutcome> {
  const waiting = [...links]
  const done: Link[] = []
  const errors: ApiError[] = []
  const work = async (): Promise<void> => {
    for (let link = waiting.shift(); link !== undefined; link = waiting.shift()) {
      try {
        done.push(await act(link))
      } catch (error) {
        errors.push(toApiError(error))
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return { done, error: errors[0], failures: errors.length }
}

/** Adds a tag to what the link has now; a change made elsewhere meanwhile is kept. */
export async function addTag(api: Api, { code }: Link, tag: string): Promise<Link> {
  for (let clashes = 0; ; clashes++) {
    const { link, etag } = await api.read(code)
    if (link.tags.includes(tag)) return link
    try {
      return await api.update(code, { tags: [...link.tags, tag] }, etag)
    } catch (error) {
      const isClash = error instanceof ApiError && error.code === 'precondition_failed'
      if (!isClash || clashes >= CLASHES_MAX) throw error
    }
  }
}
