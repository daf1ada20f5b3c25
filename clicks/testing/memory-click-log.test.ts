/** The memory click log keeps the contract of a click log. */
import { testClickLogContract } from '../log/click-log.contract.ts'
import { MemoryClickLog } from './memory-click-log.ts'

testClickLogContract('memory click log', async (bytesMax) => {
  const log = new MemoryClickLog(bytesMax)
  return {
    openWriter: async () => log,
    openReader: async () => log.reader(),
    remove: async () => {},
  }
})
