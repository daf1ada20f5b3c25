/**
 * What is kept of a request's head, and what is only looked at.
 *
 * Used by the recorder, for heads in both forms (`click-ring.ts`): the same request gives the same,
 * whoever read it. Whatever is not in KEPT_HEADERS ends here.
 */
import { KEPT_HEADERS } from '../log/click-batch.ts'
import type { Head } from './click-ring.ts'

export interface KeptHead {
  /** The kept headers as `ClickRecord.headers` has them. */
  readonly text: string
  /** The first User-Agent. */
  readonly agent: string
  /** All of X-Forwarded-For. */
  readonly forwarded: string
  /** DNT or Sec-GPC asks not to be followed. */
  readonly asksNotToBeFollowed: boolean
}

const FORWARDED = 'x-forwarded-for'
const LOOKED_AT = new Set<string>([...KEPT_HEADERS, FORWARDED])
/** Most headers are told to be none of these by their length alone. */
const LENGTHS = lengthsOf(LOOKED_AT)
const KEPT = new Set<string>(KEPT_HEADERS)

export function keptHead(head: Head): KeptHead {
  const kept = new HeadParts()
  if (typeof head === 'string') readText(head, kept)
  else for (let at = 0; at + 1 < head.length; at += 2) kept.add(head[at]!, head[at + 1]!)
  return kept
}

/** The lines of a head's text, but for the first, which is the rest of the request line. */
function readText(head: string, kept: HeadParts): void {
  let at = head.indexOf('\r\n') + 2
  for (let end = head.indexOf('\r\n', at); end > at; end = head.indexOf('\r\n', at)) {
    const colon = head.indexOf(':', at)
    if (LENGTHS[colon - at]) kept.add(head.slice(at, colon), head.slice(colon + 1, end).trim())
    at = end + 2
  }
}

class HeadParts implements KeptHead {
  text = ''
  agent = ''
  forwarded = ''
  asksNotToBeFollowed = false

  add(name: string, value: string): void {
    if (!LENGTHS[name.length]) return
    const lower = name.toLowerCase()
    if (lower === FORWARDED) this.forwarded += `${this.forwarded === '' ? '' : ', '}${value}`
    if (!KEPT.has(lower)) return
    this.text += `${this.text === '' ? '' : '\n'}${name}: ${value}`
    if (lower === 'user-agent') this.agent ||= value
    else if (lower === 'dnt' || lower === 'sec-gpc') this.asksNotToBeFollowed ||= value === '1'
  }
}

function lengthsOf(names: ReadonlySet<string>): readonly boolean[] {
  const longest = Math.max(...Array.from(names, ({ length }) => length))
  const lengths = Array.from({ length: longest + 1 }, () => false)
  for (const { length } of names) lengths[length] = true
  return lengths
}
