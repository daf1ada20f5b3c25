import test from 'ava'
import { LINK_SETTINGS } from './link-settings.ts'
import { readSetting } from './setting.ts'

const schemesOf = (text: string) =>
  readSetting(LINK_SETTINGS.targetSchemes, { TINYGRID_TARGET_SCHEMES: text })

test('schemes are taken in any case and each once', (t) => {
  t.deepEqual(schemesOf(''), ['http', 'https'])
  t.deepEqual(schemesOf('https, MailTo,tel,tel , web+myapp'), [
    'https',
    'mailto',
    'tel',
    'web+myapp',
  ])
})

test('a scheme that is dangerous, or none, keeps all from being taken', (t) => {
  const dangerous = ['javascript', 'Data', 'vbscript', 'file', 'blob', 'filesystem', 'view-source']
  const others = ['about', 'ws', 'mailto:', 'https://', '1a', 'a b', 'ä', 'x'.repeat(33), ',', ' ']
  const many = Array.from({ length: 33 }, (_, index) => `a${index}`).join(',')
  for (const word of [...dangerous, ...others, many]) {
    t.throws(() => schemesOf(`http,${word}`), {
      message: /^TINYGRID_TARGET_SCHEMES is .* never one/,
    })
  }
})
