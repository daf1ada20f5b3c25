/** The memory log keeps the contract of a log. */
import { testLogContract } from './log.contract.ts'
import { MemoryLog } from './memory-log.ts'

testLogContract('memory log', async ({ logBytesMax }) => {
  const log = new MemoryLog({ bytesMax: logBytesMax })
  return { open: async () => log, remove: async () => {} }
})
