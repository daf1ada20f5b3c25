/**
 * The same bytes to a gateway with the fast path and to one without; for the fast path's tests.
 */
import type { Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { FastPathOptions } from '../fast-path/fast-path-options.ts'
import { get, type Sample } from './fast-path-corpus.ts'
import { exchange, type FastServer, startFast } from './fast-path-pair.ts'

const HEAD_END = '\r\n\r\n'

export interface Pair {
  readonly plain: Server
  readonly fast: FastServer
  /** Waits until answers that come later have come; by default there are none. */
  readonly settled: (() => Promise<void>) | undefined
}

export async function startPair(
  make: () => Promise<FastifyInstance>,
  options: Partial<FastPathOptions> = {},
  settled?: () => Promise<void>,
): Promise<Pair> {
  const plain = await make()
  await plain.listen({ port: 0, host: '127.0.0.1' })
  return { plain: plain.server, fast: await startFast(await make(), options), settled }
}

export async function stopPair({ fast, plain }: Pair): Promise<void> {
  await fast.stop()
  plain.close()
}

/** The answers of both to `text`, cut at `cuts`, and how many of them the fast path gave. */
export async function answers(pair: Pair, text: string, cuts: readonly number[] = []) {
  const { plain, fast, settled } = pair
  const before = givenBy(fast)
  const answer = await exchange(fast.server, cutAt(text, cuts), settled)
  const count = givenBy(fast) - before
  const expected = await exchange(plain, cutAt(text, [...cuts, ...headEnds(text, count)]))
  return { answer: withoutUnknown(answer), expected: withoutUnknown(expected), count }
}

const UNKNOWN_METHOD =
  /HTTP\/1\.1 (?:400|404|405) [^\r]+\r\n(?:[a-z-]+: [^\r]+\r\n)+connection: close\r\n\r\n\{.*\}$/

/** How a method that Node's parser does not know is refused depends on how much of its line came in one read. */
function withoutUnknown(answer: string): string {
  return answer.replace(UNKNOWN_METHOD, 'refused by the parser')
}

/** How many answers the fast path has given: those of the server behind it are not counted there. */
function givenBy({ counters: { fast, gone, absent } }: FastServer): number {
  return fast + gone + absent
}

/** Where the first `count` heads of `text` end. */
function headEnds(text: string, count: number): number[] {
  const ends: number[] = []
  for (let at = 0; ends.length < count; ends.push(at)) {
    at = text.indexOf(HEAD_END, at) + HEAD_END.length
  }
  return ends
}

export function cutAt(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.toSorted((a, b) => a - b), text.length]
  return places.slice(1).map((end, index) => text.slice(places[index], end))
}

export function within(text: string, cuts: readonly number[]): number[] {
  return cuts.map((cut) => cut % (text.length + 1))
}

/**
 * The texts of samples that do not end the connection. None asks for an upgrade: what comes behind one, Node
 * drops if a read ends inside of that one's last line break, and answers if not.
 */
export async function afterWhichTheServerGoesOn(
  { plain }: Pair,
  samples: readonly Sample[],
): Promise<string[]> {
  const texts: string[] = []
  for (const { text } of samples) {
    if (text.includes('Upgrade')) continue
    const answer = await exchange(plain, [text + get('/b')])
    if (answer.includes('https://example.com/b')) texts.push(text)
  }
  return texts
}
