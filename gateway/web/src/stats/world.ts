/**
 * The countries of the world as shapes, by their two letters.
 *
 * From Natural Earth (public domain) by way of `world-atlas`, whose numbers of countries the browser
 * itself can turn into letters. Antarctica is left out; so are, at this scale, the smallest countries.
 * Used by the map.
 */
import { geoNaturalEarth1, geoPath } from 'd3-geo'
import type { Feature, FeatureCollection } from 'geojson'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import atlas from 'world-atlas/countries-110m.json'

export const MAP_WIDTH = 960
export const MAP_HEIGHT = 440

const ANTARCTICA = 'AQ'
/** What the atlas has no number for. */
const UNNUMBERED: Readonly<Record<string, string>> = { Kosovo: 'XK' }

export interface Country {
  /** ISO 3166-1 alpha-2; empty: none. */
  readonly code: string
  /** An SVG path. */
  readonly path: string
}

const topology = atlas as unknown as Topology<{ countries: GeometryCollection<{ name: string }> }>
const features = feature(topology, topology.objects.countries).features.filter(
  (country) => codeOf(country) !== ANTARCTICA,
)
const world: FeatureCollection = { type: 'FeatureCollection', features }
const toPath = geoPath(geoNaturalEarth1().fitSize([MAP_WIDTH, MAP_HEIGHT], world)).digits(1)

export const COUNTRIES: readonly Country[] = features.map((country) => ({
  code: codeOf(country),
  path: toPath(country) ?? '',
}))

function codeOf({ id, properties }: Feature): string {
  if (id === undefined) return UNNUMBERED[String(properties?.['name'])] ?? ''
  return new Intl.Locale(`und-${id}`).region ?? ''
}
