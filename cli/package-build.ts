/**
 * The program as the npm package has it: JavaScript in `dist/`, beside the built page.
 *
 * Run by `npm pack` (`prepack`). Node refuses TypeScript below node_modules, so types are taken out here, by
 * the same code of Node that does it when the sources run: every line and column stays where it was.
 * Rejected: `tsc`, which rewrites imports alone, and not the paths of programs that are started.
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '..')
const DIST = path.join(ROOT, 'dist')
const SOURCES = [
  '{actors,cli,clicks,cluster,gateway,links,node,persistence,routing}/**/*.ts',
  '{config,main}.ts',
]
/** Tests; the page, which is built; the cluster on one machine, which builds its servers from sources. */
const LEFT_OUT =
  /\.test\.ts$|\.contract\.ts$|\/testing\/|^gateway\/web\/|^cli\/(cluster(?!-options)[\w-]*|key-presses|local-cluster|node-process|package-build)\.ts$/
/** A text that names a module or a program of this repository. */
const NAMED_SOURCE = /(['"])([\w./-]+)\.ts\1/g
const PAGE = path.join('gateway', 'web', 'dist')

rmSync(DIST, { recursive: true, force: true })
for (const file of globSync(SOURCES, { cwd: ROOT })) {
  if (LEFT_OUT.test(file.replaceAll(path.sep, '/'))) continue
  const target = path.join(DIST, file.replace(/\.ts$/, '.js'))
  mkdirSync(path.dirname(target), { recursive: true })
  writeFileSync(target, javaScriptOf(readFileSync(path.join(ROOT, file), 'utf8')))
}
cpSync(path.join(ROOT, PAGE), path.join(DIST, PAGE), { recursive: true })
// What the program reads its version from.
const { name, version, type } = JSON.parse(
  readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
) as { name: string; version: string; type: string }
writeFileSync(path.join(DIST, 'package.json'), JSON.stringify({ name, version, type }))

function javaScriptOf(source: string): string {
  return stripTypeScriptTypes(source).replaceAll(NAMED_SOURCE, '$1$2.js$1')
}
