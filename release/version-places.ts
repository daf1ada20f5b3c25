/**
 * Where the repository names its own version: which files, and how a new one is written there.
 *
 * Used by `release.ts`, and by tests that hold the places to the one version of `package.json`. What reads its
 * version from there needs no place (the program, NATS's list of services, metrics). The version in the OpenAPI
 * document is that of the interface, which a release does not change.
 */
import { CommandError } from '../cli/command-error.ts'

export interface VersionPlace {
  readonly file: string
  /** What stands before a version, the version, and blanks that fill a column; with the flag `g`. */
  readonly pattern: RegExp
  /** How often it is there. */
  readonly times: number
}

const VERSION = String.raw`(\d+\.\d+\.\d+)( *)`

function place(file: string, before: string, times = 1): VersionPlace {
  return { file, pattern: new RegExp(`(${before})${VERSION}`, 'gm'), times }
}

export const VERSION_PLACES: readonly VersionPlace[] = [
  place('package.json', '^  "version": "'),
  // Of the whole, and of the package in it that is this one.
  place('package-lock.json', '^(?:  |      )"name": "tinygrid",\n *"version": "', 2),
  place('Dockerfile', '^ARG VERSION='),
  place('k8s/base/node/kustomization.yaml', '^    newTag: '),
  place('docs/kubernetes.md', '/tinygrid:|^ +newTag: ', 3),
  place('docs/cluster.md', '│ tinygrid │ '),
]

/** The versions that stand there. */
export function versionsIn(text: string, { pattern }: VersionPlace): readonly string[] {
  return Array.from(text.matchAll(pattern), (match) => match[2]!)
}

/** @throws CommandError where the file has changed so that the place is not found */
export function writeVersion(text: string, where: VersionPlace, version: string): string {
  const found = versionsIn(text, where).length
  if (found !== where.times) {
    const expected = `${where.times} expected (release/version-places.ts)`
    throw new CommandError(`${where.file} names the version ${found} times, ${expected}.`)
  }
  return text.replaceAll(where.pattern, (_all, before: string, old: string, blanks: string) => {
    const width = blanks === '' ? 0 : old.length + blanks.length
    return `${before}${version.padEnd(width)}`
  })
}
