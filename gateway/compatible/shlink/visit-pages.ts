/**
 * Visits by page number, over clicks that are told newest first behind a cursor.
 *
 * What comes before a page is passed over as it comes, unless the page before it was asked for: then it is read on
 * from there. Nothing but the page is held. The total is what the click store counts; where a page is not full, it
 * is what there is: clicks that are too old are no longer told one by one.
 */
import { TinygridError } from '../../../links/errors.ts'
import type { EpochMs } from '../../../links/ids.ts'
import type { ClickSelection, VisitsCursor } from '../../../clicks/store/question.ts'
import { analyticsOf } from '../../stats/click-context.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { PageMarks } from '../page-marks.ts'
import type { PageNumber } from './numbered-pages.ts'
import { totalsOf } from './visit-counts.ts'
import type { TellableVisit } from './visit-view.ts'

export const VISITS_PER_PAGE_MAX = 10_000
/** Visits before a page that is not read on to. */
const PASSED_MAX = 1_000_000
const LINE_END = 0x0a

export interface VisitPage {
  /** One visit each, as analytics writes it. */
  readonly lines: readonly string[]
  readonly total: number
}

export class VisitPages {
  readonly #context: ForeignContext
  readonly #marks: PageMarks<VisitsCursor>

  constructor(context: ForeignContext) {
    this.#context = context
    this.#marks = new PageMarks(context.clock)
  }

  /**
   * @param list names the selection, but for its end where that is now
   * @throws TinygridError analytics_unavailable; invalid_field (page)
   */
  async page(
    list: string,
    selection: ClickSelection,
    { page, perPage }: PageNumber,
    signal: AbortSignal,
  ): Promise<VisitPage> {
    const analytics = analyticsOf(this.#context)
    const { totals } = await analytics.ask(totalsOf(selection), signal)
    const offset = (page - 1) * perPage
    if (offset > 0 && offset >= totals.clicks) return { lines: [], total: totals.clicks }
    const { offset: start, cursor } = this.#marks.find(list, offset)
    const passed = offset - start
    if (passed > PASSED_MAX) {
      const detail = `Page ${page} lies behind ${PASSED_MAX} visits: read the pages in order, or ask for fewer`
      throw new TinygridError('invalid_field', { field: 'page', detail })
    }
    const question = { ...selection, ...(cursor === undefined ? {} : { after: cursor }) }
    const told = analytics.visits(question, 'json', passed + perPage, signal)
    const lines = await linesBehind(told, passed)
    if (lines.length < perPage) return { lines, total: offset + lines.length }
    this.#marks.keep(list, offset + lines.length, cursorOf(lines.at(-1)!))
    return { lines, total: Math.max(totals.clicks, offset + lines.length) }
  }
}

function cursorOf(line: string): VisitsCursor {
  const { at, position, index } = JSON.parse(line) as TellableVisit
  return { at: Date.parse(at) as EpochMs, position, index }
}

/** Those behind the first `passed`. */
async function linesBehind(chunks: AsyncIterable<Uint8Array>, passed: number): Promise<string[]> {
  const kept: Uint8Array[] = []
  let left = passed
  for await (const chunk of chunks) {
    let from = 0
    while (left > 0) {
      const end = chunk.indexOf(LINE_END, from)
      if (end === -1) break
      left--
      from = end + 1
    }
    if (left === 0 && from < chunk.length) kept.push(chunk.subarray(from))
  }
  const text = Buffer.concat(kept).toString()
  return text === '' ? [] : text.split('\n').slice(0, -1)
}
