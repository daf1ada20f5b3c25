/**
 * Which version of the program this is, as `package.json` says.
 */
import { readFileSync } from 'node:fs'

const PACKAGE = new URL('../package.json', import.meta.url)

export const PROGRAM_VERSION = (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string })
  .version
