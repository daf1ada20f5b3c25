/**
 * A QR code as a picture: an SVG path for the page, and files to download.
 *
 * Used by the QR dialog. The PNG is drawn on a canvas module by module, rather than from the SVG as
 * an image, so that the Content Security Policy need not allow `data:` or `blob:` images.
 */
import { encode } from 'uqr'

export interface QrImage {
  /** Modules per side, with the quiet zone. */
  readonly size: number
  /** By row; true is dark. */
  readonly modules: readonly (readonly boolean[])[]
  /** The dark modules, one unit each. */
  readonly path: string
}

/** The quiet zone that ISO/IEC 18004 asks for around the symbol, in modules. */
const QUIET_ZONE_MODULES = 4
const PNG_MODULE_PIXELS = 16

export function qrImage(text: string): QrImage {
  const { size, data } = encode(text, { ecc: 'M', border: QUIET_ZONE_MODULES })
  return { size, modules: data, path: data.map(rowPath).join('') }
}

/** Neighbours in a row become one rectangle, which leaves no hairlines between them. */
function rowPath(row: readonly boolean[], y: number): string {
  let path = ''
  let start = -1
  for (let x = 0; x <= row.length; x++) {
    const isDark = row[x] === true
    if (isDark && start < 0) start = x
    if (!isDark && start >= 0) {
      path += `M${start} ${y}h${x - start}v1h${start - x}z`
      start = -1
    }
  }
  return path
}

export function qrSvgFile({ size, path }: QrImage): Blob {
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<rect width="${size}" height="${size}" fill="#fff"/><path d="${path}"/></svg>\n`
  return new Blob([svg], { type: 'image/svg+xml' })
}

export async function qrPngFile({ size, modules }: QrImage): Promise<Blob> {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = size * PNG_MODULE_PIXELS
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('This browser cannot draw the picture')
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.scale(PNG_MODULE_PIXELS, PNG_MODULE_PIXELS)
  context.fillStyle = '#000'
  modules.forEach((row, y) => {
    row.forEach((isDark, x) => isDark && context.fillRect(x, y, 1, 1))
  })
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('This browser cannot make a PNG'))
      else resolve(blob)
    }, 'image/png')
  })
}

/** Hands a file to the browser's downloads. */
export function download(file: Blob, name: string): void {
  const address = URL.createObjectURL(file)
  const anchor = document.createElement('a')
  anchor.href = address
  anchor.download = name
  anchor.click()
  URL.revokeObjectURL(address)
}
