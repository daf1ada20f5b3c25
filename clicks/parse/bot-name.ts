/**
 * Whether an agent is a bot, and what it is called.
 *
 * Used by `agent.ts`. `isbot` decides, and says which part of the text it knew it by (`bot`, `Google`,
 * `http`): the name is the word around that part, or, where that lies in an address that the agent
 * gives, the first word that is no browser's.
 */
import { isbotMatch } from 'isbot'

const WORD = /[\w.!-]/
/** What every agent begins with, for reasons of the nineties. */
const BORROWED = /^(?:Mozilla|AppleWebKit|Chrome|Safari|Version|Mobile|Gecko|KHTML|compatible)$/i

/** undefined: no bot that is known. */
export function botNameOf(agent: string): string | undefined {
  const match = isbotMatch(agent)
  if (match === null) return undefined
  const found = agent.indexOf(match)
  const start = wordStart(agent, found)
  const word = /^[\w.!-]*/.exec(agent.slice(start))![0]
  const isAddress = /^https?$|^www\./i.test(word) || /[/@]/.test(agent[start - 1] ?? '')
  return isAddress || word === '' ? ownName(agent) : word
}

function wordStart(agent: string, found: number): number {
  let start = found
  while (start > 0 && WORD.test(agent[start - 1]!)) start--
  return start
}

/** `FooThing` of `Mozilla/5.0 (compatible; FooThing; +http://foo.example)`. */
function ownName(agent: string): string {
  const said = /compatible; ?([^;/()]{1,64})/i.exec(agent)?.[1]
  if (said !== undefined && !said.includes('http')) return said.trim()
  const names = agent.match(/[A-Za-z][\w.-]{0,63}(?=\/\d)/g) ?? []
  return names.find((name) => !BORROWED.test(name)) ?? /^\w*/.exec(agent)![0]
}
