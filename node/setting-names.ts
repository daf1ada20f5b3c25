/**
 * What a setting is called where it can be given: one name in the environment, and from it the flag and the key.
 *
 * `TINYGRID_DATA_DIR` is `--data-dir` and `dataDir`, `NATS_URL` is `--nats-url` and `natsUrl`. Used for flags,
 * for the file of settings and for help, so that no setting is without one. Secrets have three names more, for the
 * file that they are in. Rejected: sections in the file, whose borders nobody could guess.
 */
import { FILE_SUFFIX } from './secret-files.ts'
import type { Setting } from './setting.ts'

const PREFIX = 'TINYGRID_'

/** Every variable of these settings, with the setting. */
export function variablesOf(
  settings: readonly Setting<unknown>[],
): ReadonlyMap<string, Setting<unknown>> {
  const entries = settings.flatMap((setting) =>
    namesOf(setting).map((variable) => [variable, setting] as const),
  )
  return new Map(entries)
}

/** The variable of a setting, and that of its file if it is a secret. */
export function namesOf({ name, isSecret }: Setting<unknown>): readonly string[] {
  return isSecret ? [name, name + FILE_SUFFIX] : [name]
}

/** Without the dashes before it. */
export function flagOf(variable: string): string {
  return bare(variable).toLowerCase().replaceAll('_', '-')
}

/** In the file. */
export function keyOf(variable: string): string {
  return flagOf(variable).replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

function bare(variable: string): string {
  return variable.startsWith(PREFIX) ? variable.slice(PREFIX.length) : variable
}
