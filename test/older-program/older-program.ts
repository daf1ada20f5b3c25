/**
 * The server as it was last released, unpacked so that it can be started beside today's.
 *
 * Used by the tests of rolling upgrades and of going back. `build.ts` makes the file anew for each release.
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { temporaryDirectory } from '../program.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
export const OLDER_PROGRAM_FILE = path.join(ROOT, 'test/fixtures/older-program.json.br')

/** Each path with its content. */
export type OlderFiles = Readonly<Record<string, string>>

/** @returns the file that Node starts; it is gone when the test is over */
export function unpackOlderProgram(t: { teardown(fn: () => void): void }): string {
  const packed = brotliDecompressSync(readFileSync(OLDER_PROGRAM_FILE)).toString()
  const { files } = JSON.parse(packed) as { files: OlderFiles }
  const directory = temporaryDirectory(t)
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(directory, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(directory, 'node_modules'))
  return path.join(directory, 'main.js')
}
