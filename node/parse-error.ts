/** What Node's `parseArgs` has thrown, as a sentence for the person who typed it. */
import { didYouMean } from '../links/nearest-name.ts'

const UNKNOWN = /^Unknown option '(-[^']*)'/

/** @param known names of flags, without dashes */
export function parseErrorSentence(error: Error, known: Iterable<string>): string {
  const unknown = UNKNOWN.exec(error.message)?.[1]
  if (unknown === undefined) return `${error.message} (--help tells more)`
  const meant = didYouMean(
    unknown,
    Array.from(known, (name) => `--${name}`),
  )
  return `${unknown} is not an option${meant} (--help tells more)`
}
