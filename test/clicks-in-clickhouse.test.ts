/** The real program with its clicks in ClickHouse. */
import { until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'
import { ClickHouseService } from './services/clickhouse-service.ts'
import { serialTestWith } from './services/service-test.ts'

const PATIENCE_MS = 60_000

serialTestWith('clickhouse')(
  'with CLICKHOUSE_URL clicks are counted there, over a restart',
  async (t) => {
    t.timeout(150_000)
    const service = await ClickHouseService.start()
    t.teardown(() => service.close())
    const dataDir = temporaryDirectory(t)
    const env = { TINYGRID_ROLES: 'gateway,actors,analytics', CLICKHOUSE_URL: service.url }
    for (const clicks of [1, 2]) {
      const program = await Program.start({ dataDir, env })
      t.teardown(() => program.kill())
      if (clicks === 1) await program.create({ url: 'https://example.com/', code: 'one' })
      const visit = await program.visit('one')
      t.is(visit.status, 302)
      await until('the click is counted', PATIENCE_MS, async () => {
        const answer = await program.api('/api/links/one/stats')
        if (!answer.ok) return false
        const { totals } = (await answer.json()) as { totals: { clicks: number } }
        return totals.clicks === clicks
      })
      t.is(await program.stop(), 0)
    }
  },
)
