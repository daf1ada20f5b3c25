/**
 * What a source file imports, and what that imports, types left out. For tests of the repository itself.
 *
 * Dynamic imports are not followed: they load when they are needed.
 */
import path from 'node:path'

const OWN = /^(?:import|export) (?!type )[^']*'(\.[^']+\.ts)'/gmu

/** The file and all own files that it loads, with their texts. */
export function* loadedBy(
  file: string,
  read: (file: string) => string,
): Generator<{ readonly file: string; readonly source: string }> {
  const waiting = new Set([file])
  for (const next of waiting) {
    const source = read(next)
    yield { file: next, source }
    for (const [, imported] of source.matchAll(OWN)) {
      waiting.add(path.join(path.dirname(next), imported!))
    }
  }
}
