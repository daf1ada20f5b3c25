/**
 * A report's answer as figures: totals, the curve, and the groups in a table with bars.
 */
import type { RefObject } from 'preact'
import { useMemo } from 'preact/hooks'
import { Fact } from '../fact.tsx'
import type { Counts, Metric } from '../stats/answer.ts'
import { curvesOf } from '../stats/curve.ts'
import { LineChart } from '../stats/line-chart.tsx'
import { countText, FIELD_NAMES, METRIC_NAMES, shareText } from '../stats/words.ts'
import { groupNames } from './report-words.ts'
import type { Report, ReportResult } from './reports-api.ts'

interface ReportFiguresProps {
  readonly report: Report
  readonly result: ReportResult
  readonly canvas: RefObject<HTMLCanvasElement | null>
}

const nothing = () => undefined

export function ReportFigures({ report, result, canvas }: ReportFiguresProps) {
  const curves = useMemo(() => {
    const { clicks: name } = METRIC_NAMES
    const answer = { ...result, groups: [] }
    return curvesOf({ answer, metric: 'clicks', name, beforeName: '', now: Date.now() })
  }, [result])
  return (
    <>
      <dl class="report-totals">
        {metricsOf(report).map((metric) => (
          <Fact key={metric} name={METRIC_NAMES[metric]}>
            {countText(result.totals[metric])}
          </Fact>
        ))}
      </dl>
      {/* A point is no curve. */}
      {report.interval !== null && curves.starts.length > 1 && (
        <section class="figure" aria-label="Clicks over time">
          <LineChart
            curves={curves}
            zone={report.timezone}
            label="Clicks over time. The CSV has the numbers."
            canvas={canvas}
            onZoom={nothing}
            onPoint={nothing}
          />
        </section>
      )}
      {report.groupBy.length > 0 && <Groups report={report} result={result} />}
    </>
  )
}

/** Where bots are left out, or alone, there is nothing to tell apart. */
function metricsOf({ bots }: Report): readonly Metric[] {
  return bots === 'include' ? ['clicks', 'humans', 'bots', 'visitors'] : ['clicks', 'visitors']
}

function Groups({ report, result }: Pick<ReportFiguresProps, 'report' | 'result'>) {
  const { groupBy } = report
  const { groups, other, totals } = result
  const most = Math.max(1, ...groups.map(({ clicks }) => clicks))
  if (groups.length === 0) return <p class="muted">No clicks in this time.</p>
  return (
    <section class="figure report-groups" aria-label="Groups" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {groupBy.map((field) => (
              <th key={field} scope="col">
                {FIELD_NAMES[field]}
              </th>
            ))}
            <th scope="col">Clicks</th>
            <th scope="col">Share</th>
            <th scope="col">Visitors</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={JSON.stringify(group.values)}>
              {groupNames(groupBy, group.values).map((name, index) => (
                <td key={groupBy[index]}>
                  {name}
                  {index === 0 && <Bar part={group.clicks / most} />}
                </td>
              ))}
              <Numbers counts={group} total={totals.clicks} />
            </tr>
          ))}
          {other !== null && other.clicks > 0 && (
            <tr class="muted">
              <td colSpan={groupBy.length}>All others</td>
              <Numbers counts={other} total={totals.clicks} />
            </tr>
          )}
        </tbody>
      </table>
    </section>
  )
}

/** For the eye alone: the number stands beside it. */
function Bar({ part }: { part: number }) {
  return (
    <svg class="report-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect width={part * 100} height="4" />
    </svg>
  )
}

function Numbers({ counts, total }: { counts: Counts; total: number }) {
  return (
    <>
      <td class="number">{countText(counts.clicks)}</td>
      <td class="number">{shareText(counts.clicks, total)}</td>
      <td class="number">{countText(counts.visitors)}</td>
    </>
  )
}
