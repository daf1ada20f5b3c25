/**
 * Charts as PNG files, in the colours that the page has now.
 *
 * Used by the time chart and the map. Drawn on a canvas, so that the Content Security Policy need not
 * allow `data:` or `blob:` images.
 */
import type { Country } from './world.ts'

const TITLE_HEIGHT = 48
const FONT = '600 16px system-ui, sans-serif'

/** What a colour of the style sheet is on this element, as a canvas takes it. */
export function colourOf(element: Element, colour: string): string {
  const probe = document.createElement('span')
  probe.style.color = colour
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

interface Sheet {
  readonly element: Element
  readonly title: string
  readonly width: number
  readonly height: number
  /** Canvas pixels of one unit. */
  readonly scale: number
}

/** A canvas with a title, drawn on below it. */
function sheetOf(
  { element, title, width, height, scale }: Sheet,
  draw: (on: CanvasRenderingContext2D) => void,
) {
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round((height + TITLE_HEIGHT) * scale)
  const on = canvas.getContext('2d')
  if (on === null) throw new Error('This browser cannot draw the picture')
  on.scale(scale, scale)
  on.fillStyle = colourOf(element, 'var(--surface)')
  on.fillRect(0, 0, width, height + TITLE_HEIGHT)
  on.fillStyle = colourOf(element, 'var(--ink)')
  on.font = FONT
  on.fillText(title, 16, 30, width - 32)
  on.translate(0, TITLE_HEIGHT)
  draw(on)
  return canvas
}

export function chartPng(element: Element, title: string, chart: HTMLCanvasElement): Promise<Blob> {
  const scale = window.devicePixelRatio
  const width = chart.width / scale
  const height = chart.height / scale
  return pngOf(
    sheetOf({ element, title, width, height, scale }, (on) =>
      on.drawImage(chart, 0, 0, width, height),
    ),
  )
}

interface MapPicture {
  readonly element: Element
  readonly title: string
  readonly width: number
  readonly height: number
  readonly countries: readonly Country[]
  /** The class that gives a country its colour. */
  readonly classOf: (country: Country) => string
}

export function mapPng({
  element,
  title,
  width,
  height,
  countries,
  classOf,
}: MapPicture): Promise<Blob> {
  const line = colourOf(element, 'var(--surface)')
  const colours = new Map<string, string>()
  const canvas = sheetOf({ element, title, width, height, scale: 2 }, (on) => {
    on.strokeStyle = line
    on.lineWidth = 0.5
    for (const country of countries) {
      const name = classOf(country)
      const colour = colours.get(name) ?? fillOf(element, name)
      colours.set(name, colour)
      on.fillStyle = colour
      paint(on, new Path2D(country.path))
    }
  })
  return pngOf(canvas)
}

function paint(on: CanvasRenderingContext2D, path: Path2D): void {
  on.fill(path)
  on.stroke(path)
}

function fillOf(element: Element, name: string): string {
  const shown = element.querySelector(`.${name}`)
  return shown === null ? colourOf(element, 'var(--sunken)') : getComputedStyle(shown).fill
}

function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('This browser cannot make a PNG'))
      else resolve(blob)
    }, 'image/png')
  })
}
