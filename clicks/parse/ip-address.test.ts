/** Addresses as numbers, however they are written. */
import test from 'ava'
import { ipv6NumberOf, parseAddress } from './ip-address.ts'

for (const text of ['8.8.8.8', '::ffff:8.8.8.8', '::ffff:808:808', '64:ff9b::8.8.8.8']) {
  test(`${text} is a public IPv4 address`, (t) => {
    const eights = { version: 4, number: 0x08_08_08_08, text: '8.8.8.8', isPublic: true } as const
    t.deepEqual(parseAddress(text), eights)
  })
}

const NOT_PUBLIC =
  '10.1.2.3 127.0.0.1 100.127.255.255 172.31.0.1 192.168.1.0 169.254.1.1 ' +
  '0.0.0.0 192.0.2.1 198.19.0.1 224.0.0.1 255.255.255.255 ::ffff:10.0.0.1 ' +
  ':: ::1 fe80::1 fe80::1%eth0 fc00::1 fd12:3456:: ' +
  'ff02::1 2001:db8::1'

for (const text of NOT_PUBLIC.split(' ')) {
  test(`${text} is an address that is not public`, (t) => {
    t.is(parseAddress(text)?.isPublic, false)
  })
}

for (const text of ['9.255.255.255', '11.0.0.0', '172.32.0.0', '100.128.0.0', '223.255.255.255']) {
  test(`${text} lies beside those that are not public`, (t) => {
    t.is(parseAddress(text)?.isPublic, true)
  })
}

test('the upper 48 bits of an IPv6 address count, also in tables', (t) => {
  const number = 0x2a00_1450_4001
  for (const text of ['2a00:1450:4001::', '2A00:1450:4001:82b::200e', '2a00:1450:4001:0:0:0:0:1']) {
    const address = parseAddress(text)
    t.deepEqual([address?.version, address?.number, address?.isPublic], [6, number, true])
    t.is(ipv6NumberOf(text), number)
  }
  for (const text of ['2001::', '2001:4::', '2001::1', '2001:0:5::6']) {
    t.is(ipv6NumberOf(text), parseAddress(text)?.number)
  }
})

for (const text of ['', 'a', '1.2.3', '1.2.3.256', '2001:db8', ':::', '1.2.3.4 ', '\u0000']) {
  test(`${JSON.stringify(text)} is no address`, (t) => {
    t.is(parseAddress(text), undefined)
    t.is(ipv6NumberOf(text), undefined)
  })
}
