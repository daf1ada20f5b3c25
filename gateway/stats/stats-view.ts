/**
 * An answer about clicks as the API shows it.
 *
 * Used by the routes of stats. Written in turns with other long work: there may be thousands of points.
 */
import type { Steps } from '../../links/long-work.ts'
import type { Answer, Counts, Group, Question } from '../../clicks/store/question.ts'
import { formatIsoTime } from '../api/iso-time.ts'

export interface Answered {
  readonly question: Question
  readonly answer: Answer
}

/** As JSON. */
export function* statsText(now: Answered, previous?: Answered): Steps<string> {
  const { groups, other } = now.answer
  const parts = [
    ...(yield* periodParts(now)),
    `"groups":[${yield* groupTexts(groups, now.question)}]`,
    `"other":${JSON.stringify(other && countsOf(other))}`,
  ]
  if (previous !== undefined) parts.push(`"previous":{${(yield* periodParts(previous)).join(',')}}`)
  return `{${parts.join(',')}}`
}

function* periodParts({ question, answer }: Answered): Steps<string[]> {
  const series: string[] = []
  for (const point of answer.series) {
    yield
    series.push(JSON.stringify({ start: formatIsoTime(point.start), ...countsOf(point) }))
  }
  return [
    `"from":"${formatIsoTime(question.from)}"`,
    `"to":"${formatIsoTime(question.to)}"`,
    `"totals":${JSON.stringify(countsOf(answer.totals))}`,
    `"series":[${series.join(',')}]`,
  ]
}

function* groupTexts(groups: readonly Group[], { groupBy }: Question): Steps<string> {
  const texts: string[] = []
  for (const group of groups) {
    yield
    const values = groupBy.map((field, index) => [field, group.values[index]])
    texts.push(JSON.stringify({ ...Object.fromEntries(values), ...countsOf(group) }))
  }
  return texts.join(',')
}

/** In this order; visitors where they were counted. */
function countsOf({ clicks, humans, bots, visitors }: Counts) {
  return { clicks, humans, bots, visitors }
}
