import test from 'ava'
import { parseAddress } from './ip-address.ts'

for (const [text, address] of [
  ['1.2.3.4', '1.2.3.4'],
  [' 1.2.3.4:56789 ', '1.2.3.4'],
  ['"1.2.3.4:1"', '1.2.3.4'],
  ['2001:DB8::1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['2001:db8:0:0::1', '2001:db8::1'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['[::ffff:102:304]:80', '1.2.3.4'],
] as const) {
  test(`${text} is the address ${address}`, (t) => t.is(parseAddress(text), address))
}

for (const text of [
  '',
  'unknown',
  '_hidden',
  '1.2.3',
  '1.2.3.4:x',
  '[::1',
  '[::1]x',
  '1.2.3.4, 5.6.7.8',
]) {
  test(`"${text}" is no address`, (t) => t.is(parseAddress(text), undefined))
}
