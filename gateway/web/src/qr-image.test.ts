/** The picture on the page and the file to download show the same modules. */
import test from 'ava'
import { qrImage, qrSvgFile } from './qr-image.ts'

/** The modules that the path paints, as text. */
function painted(path: string, size: number): string {
  const rows = Array.from({ length: size }, () => Array.from({ length: size }, () => '.'))
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    rows[Number(y)]?.fill('#', Number(x), Number(x) + Number(width))
  }
  return rows.map((row) => row.join('')).join('\n')
}

const asText = (modules: readonly (readonly boolean[])[]) =>
  modules.map((row) => row.map((isDark) => (isDark ? '#' : '.')).join('')).join('\n')

const isQuiet = (row: readonly boolean[]) =>
  !row.slice(0, 4).includes(true) && !row.slice(-4).includes(true)

test('the path paints exactly the dark modules', (t) => {
  const { path, size, modules } = qrImage('http://localhost:3000/abcdefg')
  t.is(painted(path, size), asText(modules))
})

test('there is a quiet zone of four modules on every side', (t) => {
  const { modules, size } = qrImage('http://localhost:3000/abcdefg')
  t.true(modules.every(isQuiet))
  t.true([...modules.slice(0, 4), ...modules.slice(-4)].every((row) => !row.includes(true)))
  t.true(modules[4]?.[4] && modules[size - 5]?.[4])
})

test('the SVG file stands on its own', async (t) => {
  const file = qrSvgFile(qrImage('http://localhost:3000/abc'))
  t.is(file.type, 'image/svg+xml')
  t.regex(await file.text(), /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 33 33"/)
})
