/** Which addresses a user may make the server connect to. */
import test from 'ava'
import { isPublicAddress } from './public-network.ts'

const REFUSED = `
  127.0.0.1 0.0.0.0 10.1.2.3 172.31.255.255 192.168.0.1 169.254.169.254
  100.64.0.1 198.18.0.1 224.0.0.1 255.255.255.255 192.0.2.1 203.0.113.9
  :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 fe80::1 fd00::1
  ff02::1 2002:7f00:1:: 2001:db8::1 2001::1 fec0::1 100::1
  localhost  1.2.3 fe80::1%eth0 0x7f000001 2130706433
`
const ALLOWED = ['1.1.1.1', '8.8.8.8', '172.32.0.1', '192.169.0.1', '2606:4700::1', '2a00:1450::5']

for (const address of [...REFUSED.trim().split(/\s+/), '']) {
  test(`${address || 'nothing'} is no public address`, (t) => t.false(isPublicAddress(address)))
}
for (const address of ALLOWED) {
  test(`${address} is public`, (t) => t.true(isPublicAddress(address)))
}
