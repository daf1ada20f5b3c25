/**
 * Whether an address is one of the public internet: what users may make this server connect to.
 *
 * Used before a webhook is sent, for the address that the receiver's name has at that moment. Refused are
 * the special-purpose blocks of the IANA registries (RFC 6890 and its updates): private, loopback,
 * link-local (cloud metadata), carrier-grade NAT, documentation, multicast, reserved, and IPv6 forms that carry an
 * IPv4 address, since what is behind them is decided elsewhere.
 */
import { BlockList, isIP } from 'node:net'

const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]
/** Global unicast is 2000::/3; these are in it and special all the same. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']
const GLOBAL_UNICAST = '2000::/3'

const special = blockList(SPECIAL_IPV4, SPECIAL_IPV6)
const global = blockList([], [GLOBAL_UNICAST])

export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4')
  if (family === 6) return global.check(address, 'ipv6') && !special.check(address, 'ipv6')
  return false
}

function blockList(ipv4: readonly string[], ipv6: readonly string[]): BlockList {
  const list = new BlockList()
  for (const [blocks, family] of [
    [ipv4, 'ipv4'],
    [ipv6, 'ipv6'],
  ] as const) {
    for (const block of blocks) {
      const [net, prefix] = block.split('/') as [string, string]
      list.addSubnet(net, Number(prefix), family)
    }
  }
  return list
}
