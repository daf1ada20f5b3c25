/**
 * What kind of network an organisation runs, guessed from its name.
 *
 * Used by the address data. The packaged files do not tell the kind, so this is a short list of names and
 * words that are well known; a network that has none of them has no kind. What is told is mostly right,
 * and much is not told. `business` is never guessed. The first kind that fits counts: a university's cloud
 * is a university, and a telephone company's cloud a cloud.
 */
import type { NetworkType } from '../click.ts'

/** Patterns of whole words, in any case, separated by commas. */
const WORDS: readonly (readonly [NetworkType, string])[] = [
  [
    'education',
    String.raw`universi\w*,college,schools?,\w*schule,polytechnic,academic,institute of technology,` +
      'research network,renater,jisc,dfn-verein,internet2,cernet,surfnet',
  ],
  [
    'hosting',
    'amazon,aws,google(?! fiber),microsoft,digitalocean,ovh,hetzner,linode,akamai,cloudflare,fastly,' +
      'vultr,choopa,the constant company,leaseweb,contabo,scaleway,alibaba,aliyun,tencent,oracle,ionos,' +
      'godaddy,rackspace,m247,datacamp,hostinger,equinix,upcloud,gandi,softlayer,hosted,servers?,cloud,' +
      String.raw`\w*hosting,data ?cent(?:er|re)s?,colocation,vps`,
  ],
  [
    'consumer',
    String.raw`\w*tele[ck]om\w*,vodafone\w*,telef[oó]nica,comcast,verizon,at&t,charter,t-mobile,orange,` +
      'cox communications,sfr,bouygues,free sas,iliad,proximus,telenet,ziggo,kpn,odido,telia,telenor,' +
      'tele2,swisscom,sunrise,sky uk,virgin media,talktalk,telstra,optus,rogers,bell canada,telus,' +
      'videotron,jio,airtel,bharti,bsnl,kddi,docomo,softbank,china mobile,china unicom,chinanet,' +
      'chunghwa,viettel,vnpt,claro,telmex,telcel,fastweb,wind tre,beeline,megafon,turkcell,mobile,' +
      'wireless,cellular,broadband,cable,fib(?:er|re),dsl',
  ],
]

const PATTERNS = WORDS.map(
  ([type, words]) =>
    [type, new RegExp(String.raw`(?<!\w)(?:${words.replaceAll(',', '|')})(?!\w)`, 'i')] as const,
)

/** @param name of the organisation, bounded */
export function networkTypeOf(name: string): NetworkType {
  return PATTERNS.find(([, pattern]) => pattern.test(name))?.[0] ?? ''
}
