/**
 * Where clicks came from: the map, and beside it the countries with most of them.
 */
import { useRef, useState } from 'preact/hooks'
import { download } from '../qr-image.ts'
import { Bars } from './bars.tsx'
import type { Dashboard } from './dashboard.ts'
import { countedFor, groupsTable } from './groups-panel.tsx'
import { levelOf } from './levels.ts'
import { Panel } from './panel.tsx'
import { PictureButton } from './picture-button.tsx'
import { mapPng } from './picture.ts'
import { useAnswer } from './use-answer.ts'
import { useInView } from './use-in-view.ts'
import { WorldMap } from './world-map.tsx'
import { COUNTRIES, MAP_HEIGHT, MAP_WIDTH } from './world.ts'

/** More than there are countries: the map shows all. */
const COUNTRIES_MAX = 300
const BARS_MAX = 9

export function PlacesPanel({ dashboard }: { dashboard: Dashboard }) {
  const svg = useRef<SVGSVGElement>(null)
  const element = useRef<HTMLElement>(null)
  const isInView = useInView(element)
  const { api, selection, slowTick, isChosen, toggle } = dashboard
  const [isTable, setTable] = useState(false)
  const groupBy = ['country' as const]
  const question = { ...selection, groupBy, limit: COUNTRIES_MAX, ...countedFor(isTable) }
  const { answer, error, isStale } = useAnswer(api, question, slowTick, isInView)
  const groups = answer?.groups ?? []
  // Of places that are not known there is nothing to colour, though some shapes have no code either.
  const known = groups.filter(({ country = '' }) => country !== '')
  const clicks = new Map(known.map(({ country = '', clicks: count }) => [country, count]))
  const isChosenCountry = (value: string) => isChosen('country', value)
  const toggleCountry = (value: string) => toggle('country', value)

  async function save(): Promise<void> {
    if (svg.current === null) return
    const most = Math.max(0, ...clicks.values())
    const file = await mapPng({
      element: svg.current.parentElement!,
      title: 'Clicks by country',
      width: MAP_WIDTH,
      height: MAP_HEIGHT,
      countries: COUNTRIES,
      classOf: ({ code }) => `level-${levelOf(clicks.get(code) ?? 0, most)}`,
    })
    download(file, 'clicks-by-country.png')
  }

  return (
    <Panel
      element={element}
      title="Places"
      class="figure-wide"
      isStale={isStale}
      error={error}
      onTable={setTable}
      table={answer && groupsTable('country', answer)}
      actions={<PictureButton name="the map" onClick={save} />}
    >
      <div class="places">
        <WorldMap svg={svg} clicks={clicks} isChosen={isChosenCountry} onToggle={toggleCountry} />
        <Bars
          field="country"
          groups={groups.slice(0, BARS_MAX)}
          other={rest(groups.slice(BARS_MAX))}
          total={answer?.totals.clicks ?? 0}
          isChosen={isChosenCountry}
          onToggle={toggleCountry}
        />
      </div>
    </Panel>
  )
}

function rest(groups: readonly { readonly clicks: number }[]) {
  const clicks = groups.reduce((sum, group) => sum + group.clicks, 0)
  return { clicks, humans: 0, bots: 0 }
}
