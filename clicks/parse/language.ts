/**
 * The language that a visitor prefers, out of Accept-Language.
 *
 * Used by the click parser. The first of those with the highest weight counts, written as usual: `de-AT`,
 * `zh-Hant-TW`. `*` and what is no language say nothing.
 */
import { CLICK_TEXT_MAX } from '../click.ts'

/** Longer headers are read up to here, in characters. */
const LANGUAGES_READ_MAX = 512
const TAG = /^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i

export function parseLanguage(header: string): string {
  let best = ''
  let bestWeight = 0
  for (const part of header.slice(0, LANGUAGES_READ_MAX).split(',')) {
    const [tag = '', ...parameters] = part.split(';')
    const weight = weightOf(parameters)
    if (weight > bestWeight && TAG.test(tag.trim())) {
      best = tag.trim()
      bestWeight = weight
    }
  }
  return spelt(best)
}

function weightOf(parameters: readonly string[]): number {
  const value = parameters
    .map((text) => /^\s*q\s*=\s*([\d.]{1,8})\s*$/i.exec(text)?.[1])
    .find(Boolean)
  if (value === undefined) return 1
  const weight = Number(value)
  return weight >= 0 && weight <= 1 ? weight : 0
}

/** Language in lower case, `Script` and `REGION` as BCP 47 recommends; whole subtags only. */
function spelt(tag: string): string {
  let text = ''
  for (const [index, part] of tag.toLowerCase().split('-').entries()) {
    const subtag = index === 0 ? part : speltSubtag(part)
    const longer = index === 0 ? subtag : `${text}-${subtag}`
    if (longer.length > CLICK_TEXT_MAX.language) break
    text = longer
  }
  return text
}

function speltSubtag(part: string): string {
  if (part.length === 2) return part.toUpperCase()
  return part.length === 4 ? part[0]!.toUpperCase() + part.slice(1) : part
}
