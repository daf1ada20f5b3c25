/**
 * Redirects of a cluster at full load against a bare server: by the owner's own gateway, and by
 * another node, which has to ask the owner for each (its near cache is off).
 *
 * Two nodes, one with the fast path and one without; each is asked for its own links and for the
 * other's. The CPU time counts both nodes and NATS, since all of them work for such an answer. What is
 * to be had at all, a raw server (`raw-server.ts`) shows, and for another node's answers a raw relay
 * (`raw-relay.ts`).
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { BenchCluster, type BenchNode } from '../bench-cluster.ts'
import { visitedLinks, type VisitedLink } from '../link-set.ts'
import { RedirectLoad, type CpuUser, type LoadResult } from '../load.ts'
import { figure, type Measure } from '../measure.ts'
import { Rounds, type Contender } from '../rounds.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { startBareServer, startRawRelay, startRawServer } from '../server-process.ts'

const LINKS_MAX = 100_000
const NO_NEAR_CACHE = { TINYGRID_NEAR_CACHE: 'false' }

const perSecond = (result: LoadResult) => result.perSecond
const cpuMicros = (result: LoadResult) => result.cpuMicros ?? Number.NaN

export const clusterRedirects: Scenario = {
  name: 'cluster-redirects',
  about: 'full load on the owner and on another node against a bare server, fast path on and off',
  async run(bench) {
    const cluster = await BenchCluster.start(bench, [
      { isFastPathOn: true, env: NO_NEAR_CACHE },
      { isFastPathOn: false, env: NO_NEAR_CACHE },
    ])
    const codes = await cluster.load(Math.min(bench.options.links, LINKS_MAX))
    const links = visitedLinks(codes)
    const [fast, fastify] = cluster.nodes as readonly [BenchNode, BenchNode]
    const bare = bench.keep(await startBareServer())
    const raw = bench.keep(await startRawServer())
    const relay = await startRawRelay(cluster.services.nats.url)
    bench.keep(relay.owner)
    bench.keep(relay.gateway)
    const asked = new Asked(bench, [fast.server, fastify.server, cluster.nats])
    const rounds = await Rounds.run(bench, [
      await asked.contender('bare', { server: bare }, links, [bare]),
      await asked.contender('raw server', { server: raw }, links, [raw]),
      await asked.contender('raw relay', { server: relay.gateway }, links, [
        relay.gateway,
        relay.owner,
        cluster.nats,
      ]),
      await asked.contender('owner, fast path', fast, (await cluster.linksOf(fast, links)).own),
      await asked.contender('other, fast path', fast, (await cluster.linksOf(fast, links)).others),
      await asked.contender('owner, Fastify', fastify, (await cluster.linksOf(fastify, links)).own),
      await asked.contender(
        'other, Fastify',
        fastify,
        (await cluster.linksOf(fastify, links)).others,
      ),
    ])
    return measuresOf(bench, rounds, codes.length)
  },
}

class Asked {
  readonly #bench: Bench
  readonly #users: readonly CpuUser[]

  /** @param users all that work for an answer of the cluster */
  constructor(bench: Bench, users: readonly CpuUser[]) {
    this.#bench = bench
    this.#users = users
  }

  async contender(
    name: string,
    { server }: Pick<BenchNode, 'server'>,
    links: readonly VisitedLink[],
    users = this.#users,
  ): Promise<Contender> {
    const { folder, options } = this.#bench
    const own = join(folder, name.replaceAll(/\W+/g, '-'))
    mkdirSync(own)
    const load = new RedirectLoad(options.tool, links, own)
    await load.prepare()
    return { name, sample: () => load.run(server, options.seconds, users) }
  }
}

/** The contender, its goal, and what shows how much of it is to be had. */
const GOALS = [
  ['owner, fast path', 1.5, 'raw server'],
  ['owner, Fastify', 0.85, 'raw server'],
  ['other, fast path', 1.1, 'raw relay'],
  ['other, Fastify', 0.7, 'raw relay'],
] as const

function measuresOf(bench: Bench, rounds: Rounds, links: number): Measure[] {
  const speed = (name: string) => `${figure(rounds.median(name, perSecond))}/s`
  const cpu = (name: string) => `${figure(rounds.median(name, cpuMicros))} µs CPU`
  const overBare = (name: string) => `${figure(rounds.ratio(name, 'bare', perSecond))} of bare`
  return GOALS.map(([name, goal, raw]) => ({
    name: `cluster redirects over bare, answered by ${nameOf(name)}`,
    goal: { atLeast: goal },
    got: rounds.ratio(name, 'bare', perSecond),
    unit: '',
    note:
      `${speed(name)}, ${cpu(name)}, against ${speed('bare')}, ${cpu('bare')}; ` +
      `${raw} ${overBare(raw)}, ${cpu(raw)}; ${links} links, by ${bench.options.tool}`,
  }))
}

function nameOf(contender: (typeof GOALS)[number][0]): string {
  const [who, how] = contender.split(', ') as ['owner' | 'other', string]
  return `${{ owner: 'their owner', other: 'another node' }[who]} (${how})`
}
