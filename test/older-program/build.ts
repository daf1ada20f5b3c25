/**
 * The server of an earlier commit as one small file, for tests that run it beside today's:
 * `node test/older-program/build.ts COMMIT`.
 *
 * Run by hand after each release, with the commit of the release before; CI may have no history of git, so the
 * file is committed (`fixtures/older-program.json.br`). It holds what `npm pack` would, without the page, the
 * documents and the command line; packages come from this repository's node_modules. The same code of Node takes
 * out types that does it when the sources run.
 */
import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { OLDER_PROGRAM_FILE, type OlderFiles } from './older-program.ts'

const SOURCES = [
  '{actors,clicks,cluster,gateway,links,node,persistence,routing}/**/*.ts',
  '{config,main}.ts',
]
const LEFT_OUT = /\.test\.ts$|\.contract\.ts$|\/testing\/|^gateway\/web\//
/** A text that names a module or a program of the repository. */
const NAMED_SOURCE = /(['"])([\w./-]+)\.ts\1/g

const asked = process.argv[2]
if (asked === undefined) throw new Error('usage: node test/older-program/build.ts COMMIT')
const commit = execFileSync('git', ['rev-parse', asked], { encoding: 'utf8' }).trim()
const directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-older-'))
try {
  const archive = execFileSync('git', ['archive', commit], { maxBuffer: 2 ** 28 })
  execFileSync('tar', ['-x', '-C', directory], { input: archive })
  const bytes = brotliCompressSync(JSON.stringify({ commit, files: filesOf(directory) }))
  writeFileSync(OLDER_PROGRAM_FILE, bytes)
  process.stdout.write(`${commit}: ${bytes.length} bytes\n`)
} finally {
  rmSync(directory, { recursive: true, force: true })
}

function filesOf(root: string): OlderFiles {
  const { name, version, type } = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  ) as Record<string, string>
  const files: Record<string, string> = { 'package.json': JSON.stringify({ name, version, type }) }
  for (const file of globSync(SOURCES, { cwd: root }).toSorted()) {
    if (LEFT_OUT.test(file)) continue
    const source = readFileSync(path.join(root, file), 'utf8')
    const script = stripTypeScriptTypes(source).replaceAll(NAMED_SOURCE, '$1$2.js$1')
    files[file.replace(/\.ts$/, '.js')] = script.replaceAll(/[ \t]+$/gm, '')
  }
  return files
}
