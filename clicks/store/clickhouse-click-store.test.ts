/** ClickHouse keeps the contract of a click store. */
import { serialTestWith } from '../../test/services/service-test.ts'
import { ClickHouseService } from '../../test/services/clickhouse-service.ts'
import { testClickStoreContract } from './click-store.contract.ts'
import { ClickHouseClickStore } from './clickhouse-click-store.ts'

const declare = serialTestWith('clickhouse')
/** Each asks the stand-in some hundred times, one after the other. */
const RUNS = 5

let places = 0

testClickStoreContract(
  'ClickHouse click store',
  async () => {
    const service = await ClickHouseService.start()
    const place = `place${places++}`
    let count = 0
    const open = (namespace: string) =>
      ClickHouseClickStore.open({ url: service.url, namespace, questionMsMax: 30_000 })
    return {
      open: () => open(place),
      openEmpty: () => open(`${place}_${count++}`),
      remove: () => service.close(),
    }
  },
  { declare, runs: RUNS },
)
