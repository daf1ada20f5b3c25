/**
 * The cluster page: live, in a real browser, against real nodes and servers.
 */
import test from 'ava'
import type { Page } from 'playwright-core'
import type { ClusterMove, ClusterNode, ClusterStatus } from '../cluster/observer/cluster-status.ts'
import type { NodeId, PartitionId } from '../links/ids.ts'
import { browserTest, inspect, openPage, signedIn } from './browser.ts'
import { ClusterWorld } from './cluster-world.ts'
import { settles } from './browser-page.ts'
import { until } from './deadline.ts'
import { API_KEY } from './program.ts'
import { testWith } from './services/service-test.ts'

const hasServers = testWith('nats', 'redis', 'mongo') !== test.skip
const clusterBrowserTest = hasServers ? browserTest : test.skip

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
/** Longest that the page may take to show what has happened: a death is noticed after 2 s. */
const SHOWN_MS_MAX = 15_000
/** Longest that it may take to happen and to be shown: a node starts. */
const HAPPENED_MS_MAX = 60_000

const clusterLink = (page: Page) => page.getByRole('link', { name: 'Cluster', exact: true })
const nodeRow = (page: Page, id: string) =>
  page.getByRole('table', { name: 'Nodes' }).getByRole('row', { name: new RegExp(`\\b${id}\\b`) })
const panel = (page: Page, name: string) => page.getByRole('article', { name, exact: true })
const ring = (page: Page) => page.getByRole('img', { name: /^The ring/ })

/** What the table says that a node owns. */
async function ownedBy(page: Page, id: string): Promise<number> {
  const text = await nodeRow(page, id).getByRole('cell').first().innerText()
  return Number(/^\d+/.exec(text)?.[0])
}

/** To be begun before what is told: news is shown for a few seconds. */
async function newsShown(page: Page, news: string): Promise<void> {
  await page.getByText(news).waitFor({ timeout: HAPPENED_MS_MAX })
}

async function openCluster(page: Page): Promise<void> {
  await clusterLink(page).click()
  await page.getByRole('heading', { name: 'Cluster', level: 1 }).waitFor()
  await nodeRow(page, '.+').first().waitFor()
}

clusterBrowserTest('nodes join, partitions move, nodes die: the page shows it', async (t) => {
  t.timeout(180_000)
  const world = await ClusterWorld.start(t, { nodes: 2 })
  const seen = world.nodeOf('n1' as NodeId)!.program
  for (const code of world.newCodes().slice(0, 50)) {
    t.is((await seen.create({ url: 'https://example.com/', code })).status, 201)
  }
  const page = await openPage(t, `${seen.url}/#key=${API_KEY}`)
  await openCluster(page)
  await page.getByText('2 nodes own 256 partitions.').waitFor()
  await settles(t, () => ownedBy(page, 'n1'), 128)
  await settles(t, () => ownedBy(page, 'n2'), 128)
  await settles(t, () => ring(page).getAttribute('aria-label'), /2 nodes own 256 partitions/)
  const controllers = page.getByRole('article').getByText(/^controller$/)
  await settles(t, () => controllers.count(), 1)
  for (const server of ['NATS', 'MongoDB', 'Redis']) {
    await panel(page, server).getByText('reachable', { exact: true }).waitFor()
  }
  await settles(t, () => panel(page, 'Log').innerText(), /sync_interval/)

  const joined = newsShown(page, 'n3 has joined.')
  await world.addNode()
  await joined
  await page.getByText('3 nodes own 256 partitions.').waitFor({ timeout: SHOWN_MS_MAX })
  await world.settled()
  await until('the page shows the new balance', SHOWN_MS_MAX, async () => {
    return (await ownedBy(page, 'n3')) === 85 && (await ownedBy(page, 'n1')) <= 86
  })
  await page.getByText('Nothing moves.').waitFor({ timeout: SHOWN_MS_MAX })
  const moves = page.getByRole('region', { name: 'Moves' })
  await settles(t, () => moves.innerText(), /n2[^n]+n3\s+(at least )?\d+ partitions/)
  await inspect(t, page, 'cluster')
  await page.getByRole('button', { name: 'Switch to dark colours' }).click()
  await inspect(t, page, 'cluster-dark')
  const phone = await openPage(t, `${seen.url}/#key=${API_KEY}`, PHONE)
  await openCluster(phone)
  await inspect(t, phone, 'cluster-phone')

  const gone = newsShown(page, 'n2 is gone.')
  await world.kill(world.nodeOf('n2' as NodeId)!)
  await gone
  await until('the dead node is off the table', SHOWN_MS_MAX, async () => {
    return (await nodeRow(page, 'n2').count()) === 0 && (await ownedBy(page, 'n3')) === 128
  })
  await inspect(t, page, 'cluster-after-death')
})

clusterBrowserTest('servers that are away are told, and the page lives on', async (t) => {
  t.timeout(120_000)
  const world = await ClusterWorld.start(t, { nodes: 1 })
  const page = await openPage(t, `${world.pick().program.url}/#key=${API_KEY}`)
  await openCluster(page)
  await page.getByText('1 node owns 256 partitions.').waitFor()
  for (const name of ['Redis', 'MongoDB', 'NATS'] as const) {
    const services = { Redis: 'redis', MongoDB: 'mongo', NATS: 'nats' } as const
    await world.services[services[name]].kill()
    await panel(page, name).getByText('Unreachable').waitFor({ timeout: SHOWN_MS_MAX })
  }
  await nodeRow(page, 'n1').getByText('Silent').waitFor({ timeout: SHOWN_MS_MAX })
  await inspect(t, page, 'cluster-outage')
})

browserTest('one process is a cluster of one', async (t) => {
  const { page } = await signedIn(t, [{ url: 'https://example.com/' }])
  await openCluster(page)
  await page.getByText('One process owns all 256 partitions.').waitFor()
  await settles(t, () => page.getByRole('table', { name: 'Nodes' }).getByRole('row').count(), 2)
  await settles(t, () => panel(page, 'Log').innerText(), /Each write is synced to disk/)
  await settles(t, () => panel(page, 'NATS').count(), 0)
  await inspect(t, page, 'cluster-embedded')

  await page.getByRole('link', { name: 'Links', exact: true }).click()
  await page.getByRole('heading', { name: 'Your links' }).waitFor()
})

browserTest('many nodes, some in trouble, can be told apart', async (t) => {
  const { page } = await signedIn(t)
  await page.route('**/api/cluster', async (route) => {
    const status = (await (await route.fetch()).json()) as ClusterStatus
    await route.fulfill({ json: inTrouble(status) })
  })
  await openCluster(page)
  const ownerless = '11 nodes own 256 partitions. 20 partitions without an owner. 30 on the move.'
  await page.getByText(ownerless).waitFor()
  await nodeRow(page, 'n3').getByText('Not answering').waitFor()
  await nodeRow(page, 'n4').getByText('leaving').waitFor()
  await nodeRow(page, 'n5').getByText('Cut off').waitFor()
  const moves = page.getByRole('region', { name: 'Moves' })
  await settles(t, () => moves.innerText(), /n0 →\s+to\s+n1\s+10 partitions, 4 at this moment/)
  await settles(
    t,
    () => moves.innerText(),
    /the log →\s+to\s+n2\s+20 partitions, 20 at this moment/,
  )
  await inspect(t, page, 'cluster-many')
  await page.emulateMedia({ colorScheme: 'dark' })
  await inspect(t, page, 'cluster-many-dark')
})

/** A cluster that is hard to bring about: twelve nodes, of which one owns nothing any more. */
function inTrouble(status: ClusterStatus): ClusterStatus {
  const [lone] = status.nodes as [ClusterNode]
  const ids = Array.from({ length: 12 }, (_, index) => `n${index}` as NodeId)
  const nodes = ids.map((id, index): ClusterNode => {
    const numbers = { ...lone.numbers!, isFenced: index === 5 }
    const partitionsOwned = index === 11 ? 0 : 22
    const state = index === 4 ? 'leaving' : 'active'
    const told = { partitionsOwned, numbers: index === 3 ? null : numbers }
    return { ...lone, ...told, id, state, leaseAgeMs: 90, isController: index === 1 }
  })
  const rows = status.table.rows.map(([, epoch], partition) => {
    if (partition < 10) return [0, epoch, 1] as const
    if (partition < 30) return [-1, epoch, 2] as const
    return [partition % 3 === 0 ? Math.floor(partition / 24) : partition % 11, epoch, -1] as const
  })
  const underWay = rows.slice(0, 30).map(([owner, , target], partition): ClusterMove => {
    const state = owner < 0 ? 'taking_over' : partition < 4 ? 'handing_over' : 'waiting'
    const [from, to] = [ids[owner] ?? null, ids[target]!]
    return { partition: partition as PartitionId, from, to, since: status.at, state }
  })
  const table = { ...status.table, nodes: ids, rows }
  return { ...status, mode: 'cluster', nodes, table, moves: { underWay, done: [] } }
}

browserTest('news is shown for its time, though it comes as the news before ends', async (t) => {
  const { page } = await signedIn(t)
  let nodes: readonly string[] = []
  await page.route('**/api/cluster', async (route) => {
    const status = (await (await route.fetch()).json()) as ClusterStatus
    await route.fulfill({ json: withNodes(status, ['n1', ...nodes]) })
  })
  await page.clock.install()
  await openCluster(page)
  await page.clock.pauseAt(Date.now() + 1_000)
  const becomes = async (news: string, now: readonly string[]) => {
    nodes = now
    await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`)
    await until(news, SHOWN_MS_MAX, async () => {
      await page.clock.runFor(4)
      return page.getByText(news).isVisible()
    })
  }
  // The page draws every 16 ms: in one of these the first ends between news and its drawing.
  for (const early of [12, 8, 4, 0, -4]) {
    await becomes('n2 has joined.', ['n2'])
    await page.clock.runFor(5_000 - early)
    await becomes('n2 is gone.', [])
    await page.clock.runFor(1_000)
    t.true(await page.getByText('n2 is gone.').isVisible(), `${early} ms before the end`)
    await page.clock.runFor(5_000)
    await settles(t, () => page.getByText('n2 is gone.').isVisible(), false)
  }
})

/** A cluster of these, of which the first owns everything. */
function withNodes(status: ClusterStatus, ids: readonly string[]): ClusterStatus {
  const [lone] = status.nodes as [ClusterNode]
  const nodes = ids.map((id, index): ClusterNode => {
    return { ...lone, id: id as NodeId, partitionsOwned: index === 0 ? lone.partitionsOwned : 0 }
  })
  return { ...status, mode: 'cluster', nodes }
}

browserTest('the page asks once a second, and not while nobody can see it', async (t) => {
  const { page } = await signedIn(t)
  let asked = 0
  page.on('requestfinished', (request) => {
    if (request.url().endsWith('/api/cluster')) asked++
  })
  await page.clock.install()
  await openCluster(page)
  const second = async () => {
    const before = asked
    await page.clock.runFor(1_000)
    await until('it has asked', SHOWN_MS_MAX, () => asked > before)
  }
  await second()
  await second()
  await page.evaluate(`
    Object.defineProperty(document, 'hidden', { value: true, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))`)
  await page.clock.runFor(1_000)
  const inTheDark = asked
  await page.clock.runFor(60_000)
  t.is(asked, inTheDark)
  await page.evaluate(`
    delete document.hidden
    document.dispatchEvent(new Event('visibilitychange'))`)
  await until('it asks at once', SHOWN_MS_MAX, () => asked > inTheDark)
})

browserTest('the cluster is for those who are signed in', async (t) => {
  const { page, program } = await signedIn(t)
  await openCluster(page)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('API key').waitFor()
  await settles(t, () => page.getByRole('table').count(), 0)
  await page.getByLabel('API key').fill(API_KEY)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await nodeRow(page, '.+').first().waitFor()
  t.is(page.url(), `${program.url}/#/cluster`)
})
