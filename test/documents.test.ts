/** What the documents say is there, is. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { settingsHelp } from '../node/settings-display.ts'

const ROOT = path.resolve(import.meta.dirname, '..')

test('each setting is described', (t) => {
  const described = ['settings', 'cluster', 'operating']
    .map((name) => readFileSync(path.join(ROOT, 'docs', `${name}.md`), 'utf8'))
    .join('')
  const settings = settingsHelp().match(/\bTINYGRID_[A-Z_]+/g)
  t.true(settings!.length > 30)
  for (const setting of new Set(settings)) t.true(described.includes(setting), setting)
})

test('the oldest Node that is said to do is the one of package.json, on which the package is tested', (t) => {
  const { engines } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    engines: { node: string }
  }
  const commands = readFileSync(path.join(ROOT, 'docs/commands.md'), 'utf8')
  t.true(commands.includes(`needs Node ${engines.node.replace('>=', '')} or later`))
})
