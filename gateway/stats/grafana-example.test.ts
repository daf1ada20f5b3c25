/** Each panel of the example for Grafana asks what the gateway answers. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { startGateway } from '../testing/test-gateway.ts'

interface Target {
  readonly url: string
  readonly root_selector: string
  readonly columns: readonly { readonly selector: string }[]
}

const FILE = path.resolve(import.meta.dirname, '../../examples/grafana/dashboard.json')
const SPAN: Readonly<Record<string, string>> = {
  '${__from:date:iso}': '2029-12-25T00:00:00.000Z',
  '${__to:date:iso}': '2030-01-01T00:00:00.000Z',
}

test('every panel is answered, with the columns that it shows', async (t) => {
  const gateway = await startGateway(t)
  await gateway.analytics.add({ at: Date.UTC(2029, 11, 31) as never })
  const { panels } = JSON.parse(readFileSync(FILE, 'utf8')) as {
    panels: { title: string; targets: Target[] }[]
  }
  t.true(panels.length > 5)
  for (const { title, targets } of panels) {
    for (const { url, root_selector: root, columns } of targets) {
      const asked = url.replaceAll(/\$\{[^}]+\}/g, (name) => SPAN[name]!)
      const { status, text } = await gateway.call('GET', asked)
      t.is(status, 200, `${title}: ${text}`)
      const rows = (JSON.parse(text) as Record<string, Record<string, unknown>[]>)[root]!
      for (const { selector } of columns) t.true(selector in rows[0]!, `${title}: ${selector}`)
    }
  }
})
