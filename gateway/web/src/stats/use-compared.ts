/**
 * The answers of several links, each by itself, for the chart in which they lie beside each other.
 *
 * As many questions as there may be links: a hook cannot be called a varying number of times.
 */
import { useMemo } from 'preact/hooks'
import type { Answer } from './answer.ts'
import { tellsMetric } from './clicks-api.ts'
import type { Dashboard } from './dashboard.ts'
import { useAnswer } from './use-answer.ts'

export type Compared = readonly (readonly [name: string, answer: Answer])[]

/** By the names of the links; undefined: there are not several, or not all answers are here. */
export function useCompared(dashboard: Dashboard): Compared | undefined {
  const { api, selection, period, tick } = dashboard
  const { codes, metric } = dashboard.view
  const counted = metric === 'visitors' ? {} : { visitors: 'none' as const }
  const questionOf = (code: string | undefined) =>
    code === undefined || codes.length < 2
      ? undefined
      : { ...selection, codes: [code], interval: period.interval, ...counted }
  const first = useAnswer(api, questionOf(codes[0]), tick)
  const second = useAnswer(api, questionOf(codes[1]), tick)
  const third = useAnswer(api, questionOf(codes[2]), tick)
  const fourth = useAnswer(api, questionOf(codes[3]), tick)
  const answers = [first, second, third, fourth].map(({ answer, question }, index) =>
    question?.codes[0] === codes[index] && tellsMetric(question, metric) ? answer : undefined,
  )
  return useMemo(() => {
    if (codes.length < 2) return undefined
    const named = codes.flatMap((code, index) => {
      const answer = answers[index]
      return answer === undefined ? [] : [[`/${code}`, answer] as const]
    })
    return named.length === codes.length ? named : undefined
  }, [codes, ...answers])
}
