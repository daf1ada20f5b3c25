/**
 * The world, each country in a colour as strong as it has clicks; a click on one is a filter.
 *
 * Used by the places panel, whose bars are the way for the keyboard: for assistive technology the map
 * is one image.
 */
import type { RefObject } from 'preact'
import { countText, valueName } from './words.ts'
import { LEVELS, levelOf } from './levels.ts'
import { COUNTRIES, MAP_HEIGHT, MAP_WIDTH } from './world.ts'

interface WorldMapProps {
  readonly svg: RefObject<SVGSVGElement | null>
  readonly clicks: ReadonlyMap<string, number>
  readonly isChosen: (country: string) => boolean
  readonly onToggle: (country: string) => void
}

export function WorldMap({ svg, clicks, isChosen, onToggle }: WorldMapProps) {
  const most = Math.max(0, ...clicks.values())
  return (
    <div class="map">
      <svg
        ref={svg}
        viewBox={`0 0 ${MAP_WIDTH} ${MAP_HEIGHT}`}
        role="img"
        aria-label={mapText(clicks)}
      >
        {COUNTRIES.map(({ code, path }, index) => {
          const count = clicks.get(code) ?? 0
          const level = `level-${levelOf(count, most)}`
          return (
            <path
              key={code === '' ? index : code}
              d={path}
              class={isChosen(code) ? `country country-chosen ${level}` : `country ${level}`}
              onClick={count > 0 ? () => onToggle(code) : undefined}
            >
              {code !== '' && <title>{`${valueName('country', code)}: ${countText(count)}`}</title>}
            </path>
          )
        })}
      </svg>
      <p class="map-scale muted" aria-hidden="true">
        0
        {Array.from({ length: LEVELS + 1 }, (_, level) => (
          <span key={level} class={`scale-step level-${level}`} />
        ))}
        {countText(most)}
      </p>
    </div>
  )
}

const NAMED_MAX = 5

function mapText(clicks: ReadonlyMap<string, number>): string {
  const known = [...clicks].filter(([code]) => code !== '')
  if (known.length === 0) return 'Map of the world. No clicks whose country is known.'
  const first = known
    .slice(0, NAMED_MAX)
    .map(([code, count]) => `${valueName('country', code)} ${countText(count)}`)
  return `Map of the world by clicks. Most: ${first.join(', ')}.`
}
