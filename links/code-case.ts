/**
 * Whether codes that differ in case alone are one code: a setting that is fixed when the data are made.
 *
 * Where case does not matter a code is kept in small letters, and everything that comes from outside is
 * folded at the edge (`gateway/http/folded-codes.ts`); behind it nobody knows of case. Pure.
 */
import type { Code } from './ids.ts'

export const CODE_CASES = ['sensitive', 'insensitive'] as const
export type CodeCase = (typeof CODE_CASES)[number]

export function foldCode(code: Code): Code {
  return code.toLowerCase() as Code
}
