/**
 * Everything that a service can be told to do, all at once: each thing done at one node and seen at another.
 *
 * Used by the scenarios of a cluster, and of a process alone, which is each of the nodes there. What is done is
 * done again where a node cannot do it just now, as one that is handed partitions has such moments; so it is
 * written in ways that may be repeated. How long things take to be known elsewhere is logged, not judged.
 */
import type { ExecutionContext } from 'ava'
import { pause, until } from './deadline.ts'
import { DEFAULT_DOMAIN, OTHER_DOMAIN } from './features-env.ts'
import { visitAt } from './host-visit.ts'
import { API_KEY, type Program } from './program.ts'
import { refusal, shlinkClient, waits } from './shlink-client.ts'
import { REFUSED } from './url-checker.ts'

const KNOWN_MS_MAX = 60_000
const VISITS_MS_MAX = 120_000
const AGAIN_MS = 200
const PER_MINUTE = 3
/** It is done, or a try that was answered 503 had done it. */
const DONE = new Set([201, 204, 404, 409])

export class Features {
  /** Of visits that led somewhere, on the further domain. */
  visits = 0
  /** What must be noted, as `action subject`. */
  readonly changes = new Set<string>()
  readonly #t: ExecutionContext
  readonly #nodes: () => readonly Program[]
  #rounds = 0

  /** @param nodes those that are there at the moment */
  constructor(t: ExecutionContext, nodes: () => readonly Program[]) {
    this.#t = t
    this.#nodes = nodes
  }

  /** Each feature once, with links, keys and hosts of its own. */
  async use(): Promise<void> {
    const round = `r${++this.#rounds}`
    await this.#shlink(round)
    await this.#yourlsAndBitly(round)
    await this.#check(round)
    await this.#block(round)
    await this.#keys(round)
  }

  at(index: number): Program {
    const nodes = this.#nodes()
    return nodes[index % nodes.length]!
  }

  async visitUntilAnswered(index: number, host: string, code: string) {
    for (;;) {
      const answer = await visitAt(this.at(index), host, `/${code}`)
      if (answer.status === 302 && host === OTHER_DOMAIN) this.visits++
      if (answer.status !== 503) return answer
      await pause(AGAIN_MS)
    }
  }

  async #shlink(round: string): Promise<void> {
    const t = this.#t
    const longUrl = `https://example.com/${round}`
    const customSlug = `s-${round}`
    const asked = {
      longUrl,
      customSlug,
      domain: OTHER_DOMAIN,
      tags: ['campaign'],
      findIfExists: true,
    }
    const made = await shlinkClient(this.at(0).url, API_KEY).createShortUrl(asked)
    this.#changed('link.created', `${OTHER_DOMAIN}/${customSlug}`)
    t.is(made.shortUrl, `https://${OTHER_DOMAIN}/${customSlug}`)
    const followed = await this.visitUntilAnswered(1, OTHER_DOMAIN, customSlug)
    t.deepEqual(followed, { status: 302, location: longUrl })
    t.is((await this.visitUntilAnswered(1, DEFAULT_DOMAIN, customSlug)).status, 404)
    const client = shlinkClient(this.at(2).url, API_KEY)
    const read = await client.getShortUrl({ shortCode: customSlug, domain: OTHER_DOMAIN })
    t.deepEqual([read.tags, read.domain], [['campaign'], OTHER_DOMAIN])
    t.is((await refusal(t, client.getShortUrl({ shortCode: customSlug }))).status, 404)
  }

  async #yourlsAndBitly(round: string): Promise<void> {
    const t = this.#t
    const url = `https://example.com/yourls/${round}`
    const yourls = async (index: number, fields: Record<string, string>) => {
      const body = new URLSearchParams({ signature: API_KEY, format: 'json', ...fields })
      const reply = await this.#sent(index, '/yourls-api.php', { method: 'POST', body })
      return (await reply.json()) as Record<string, string>
    }
    const { shorturl } = await yourls(1, { action: 'shorturl', url })
    const code = shorturl!.split('/').at(-1)!
    this.#changed('link.created', code)
    t.is((await yourls(2, { action: 'expand', shorturl: shorturl! }))['longurl'], url)
    t.is((await this.visitUntilAnswered(0, DEFAULT_DOMAIN, code)).location, url)
    t.is((await this.visitUntilAnswered(0, OTHER_DOMAIN, code)).status, 404)

    const long_url = `https://example.com/bitly/${round}`
    const shorten = { method: 'POST', json: { long_url, domain: OTHER_DOMAIN } }
    const { id } = (await (await this.#sent(2, '/v4/shorten', shorten)).json()) as { id: string }
    t.true(id.startsWith(`${OTHER_DOMAIN}/`), id)
    this.#changed('link.created', id)
    t.like(await (await this.#sent(0, `/v4/bitlinks/${id}`)).json(), { id, long_url })
    t.is((await this.visitUntilAnswered(1, OTHER_DOMAIN, id.split('/')[1]!)).location, long_url)
  }

  async #check(round: string): Promise<void> {
    const t = this.#t
    const json = { url: `${REFUSED}${round}` }
    const reply = await this.#sent(0, '/api/links', { method: 'POST', json })
    t.like(await reply.json(), { status: 403, code: 'target_refused' })
    const client = shlinkClient(this.at(1).url, API_KEY)
    t.is((await refusal(t, client.createShortUrl({ longUrl: json.url }))).status, 403)
  }

  /** What is there is blocked and let through again everywhere. */
  async #block(round: string): Promise<void> {
    const t = this.#t
    const host = `${round}.example`
    const json = { url: `https://${host}/`, code: `b-${round}`, domain: OTHER_DOMAIN }
    t.true(DONE.has((await this.#sent(1, '/api/links', { method: 'POST', json })).status))
    this.#changed('link.created', `${OTHER_DOMAIN}/${json.code}`)
    const path = `/api/blocked-hosts/${host}`
    t.true((await this.#sent(2, path, { method: 'PUT', json: { note: round } })).ok)
    this.#changed('host.blocked', host)
    const everywhere = async (status: number) => {
      await this.#known(`all nodes answer ${status}`, async (index) => {
        return (await this.visitUntilAnswered(index, OTHER_DOMAIN, json.code)).status === status
      })
    }
    await everywhere(403)
    const again = { ...json, code: `c-${round}` }
    const refused = await this.#sent(0, '/api/links', { method: 'POST', json: again })
    t.like(await refused.json(), { status: 403, code: 'target_blocked', field: 'url' })
    t.true(DONE.has((await this.#sent(0, path, { method: 'DELETE' })).status))
    this.#changed('host.unblocked', host)
    await everywhere(302)
  }

  async #keys(round: string): Promise<void> {
    const t = this.#t
    const made = { name: round, role: 'create', tags: ['campaign'] }
    const { id, key } = await this.#newKey(0, made)
    const as = { headers: { 'x-api-key': key } }
    await this.#known('a key is known to all nodes', (index) => this.#hasKey(index, id))
    const answers = async (status: number) => {
      for (const index of this.#nodes().keys())
        t.is((await this.#sent(index, '/api/links?limit=1', as)).status, status)
    }
    await answers(200)
    const create = async (index: number, tags: readonly string[]) => {
      const json = { url: 'https://example.com/by-key', code: `k-${round}`, tags }
      return (await this.#sent(index, '/api/links', { method: 'POST', json, ...as })).status
    }
    t.is(await create(1, ['other']), 403)
    t.true(DONE.has(await create(2, ['campaign'])))
    this.#changed('link.created', `k-${round}`)
    t.is((await this.#sent(1, '/api/keys', as)).status, 403)
    t.true(DONE.has((await this.#sent(2, `/api/keys/${id}`, { method: 'DELETE' })).status))
    this.#changed('key.revoked', id)
    await this.#known('a revoked key is known to none', async (index) => {
      return !(await this.#hasKey(index, id))
    })
    await answers(401)
    await this.#rate(round)
  }

  /** Asked with another key: too many that are wrong would shut out the right ones, too. */
  async #hasKey(index: number, id: string): Promise<boolean> {
    const { keys } = (await (await this.#sent(index, '/api/keys')).json()) as {
      keys: { id: string }[]
    }
    return keys.some((key) => key.id === id)
  }

  /** Each node counts for itself. */
  async #rate(round: string): Promise<void> {
    const t = this.#t
    const limited = { name: `${round}, slowly`, role: 'read', requestsPerMinuteMax: PER_MINUTE }
    const { id, key } = await this.#newKey(1, limited)
    const as = { headers: { 'x-api-key': key } }
    const asked = async (index: number) =>
      (await this.#sent(index, '/api/links?limit=1', as)).status
    await until('it is too much', KNOWN_MS_MAX, async () => (await asked(1)) === 429)
    if (this.at(0) === this.at(1)) return
    await until('another node knows it', KNOWN_MS_MAX, () => this.#hasKey(0, id))
    t.is(await asked(0), 200)
  }

  async #newKey(index: number, json: object): Promise<{ id: string; key: string }> {
    const reply = await this.#sent(index, '/api/keys', { method: 'POST', json })
    this.#t.is(reply.status, 201)
    const made = (await reply.json()) as { id: string; key: string }
    this.#changed('key.made', made.id)
    return made
  }

  #changed(action: string, subject: string): void {
    this.changes.add(`${action} ${subject}`)
  }

  /** Asks all nodes until each of them says so. */
  async #known(what: string, isSo: (index: number) => Promise<boolean>): Promise<void> {
    const began = performance.now()
    for (const index of this.#nodes().keys()) await until(what, KNOWN_MS_MAX, () => isSo(index))
    this.#t.log(`${what} after ${Math.round(performance.now() - began)} ms`)
  }

  /** Again while it cannot be answered. */
  async #sent(index: number, path: string, init: Parameters<Program['api']>[1] = {}) {
    for (;;) {
      const reply = await this.at(index).api(path, init)
      if (reply.status !== 503) return reply
      waits.count++
      await reply.arrayBuffer()
      await pause(AGAIN_MS)
    }
  }

  /** Shlink's interface tells the visits of all nodes, at each of them. */
  async visitsAreTold(): Promise<void> {
    let told: number | undefined
    for (const { url } of this.#nodes()) {
      const client = shlinkClient(url, API_KEY)
      // Whoever had the visits may have been killed: another one reads them first.
      await until('visits are told', VISITS_MS_MAX, async () => {
        const page = await client.getDomainVisits(OTHER_DOMAIN).catch(() => undefined)
        told = page?.pagination.totalItems
        return told !== undefined && told >= this.visits
      })
      this.#t.is(told, this.visits)
    }
  }

  /** Every change is in the audit log, which each node lists alike. @returns the nodes that noted them */
  async isAudited(): Promise<string[]> {
    const t = this.#t
    const lists = []
    for (const index of this.#nodes().keys()) {
      const reply = await this.#sent(index, '/api/audit?limit=500')
      const { entries } = (await reply.json()) as { entries: AuditEntry[] }
      lists.push(entries)
    }
    const [first] = lists as [AuditEntry[]]
    for (const list of lists) t.deepEqual(list, first)
    const noted = new Set(first.map(({ action, subject }) => `${action} ${subject}`))
    t.deepEqual(
      [...noted].filter((change) => !this.changes.has(change)),
      [],
    )
    const missing = [...this.changes].filter((change) => !noted.has(change))
    // Of an answer 503 nobody knows whether the change was noted; asked again, it changes nothing.
    t.true(missing.length <= waits.count, missing.join())
    for (const change of missing) this.changes.delete(change)
    return [...new Set(first.map(({ node }) => node))].sort()
  }

  /** Whoever follows it at a node is told the same, from the first entry on. */
  async isFollowed(index: number): Promise<void> {
    const stop = new AbortController()
    const { url } = this.at(index)
    const init = { headers: { 'x-api-key': API_KEY }, signal: stop.signal }
    const reply = await fetch(`${url}/api/audit/events?after=0`, init)
    this.#t.is(reply.status, 200)
    const left = new Set(this.changes)
    let text = ''
    for await (const chunk of reply.body!.pipeThrough(new TextDecoderStream())) {
      const lines = `${text}${chunk}`.split('\n')
      text = lines.pop()!
      for (const line of lines.filter((each) => each.startsWith('data: {'))) {
        const { action, subject } = JSON.parse(line.slice('data: '.length)) as AuditEntry
        left.delete(`${action} ${subject}`)
      }
      if (left.size === 0) break
    }
    stop.abort()
    this.#t.deepEqual(left, new Set())
  }
}

interface AuditEntry {
  readonly action: string
  readonly subject: string
  readonly node: string
}
