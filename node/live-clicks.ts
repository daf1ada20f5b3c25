/**
 * What live events are made of: the click log, and a parser of its records, ready when somebody listens.
 *
 * The parser needs the data that tell where an address is: some 20 MB and half a second of work, which a node
 * that nobody listens to does without. So they are opened at the first read, in turns with other long work.
 */
import type { Logger } from 'pino'
import type { ClickLogReader } from '../clicks/log/click-log.ts'
import { openAddressData } from '../clicks/parse/address-data.ts'
import { ClickParser } from '../clicks/parse/click-parser.ts'
import type { ClickParsing } from '../gateway/stats/live-event.ts'
import type { Config } from '../config.ts'
import type { LongWork } from '../links/long-work.ts'

export interface LiveClicks {
  readonly clickLog: Pick<ClickLogReader, 'read' | 'more' | 'span'>
  readonly parser: ClickParsing
}

export function liveClicks(
  { geoipFile, geoipAsnFile, ipPrivacy }: Config,
  reader: ClickLogReader,
  work: LongWork,
  logger: Logger,
): LiveClicks {
  let opening: Promise<void> | undefined
  let parser: ClickParser | undefined
  const open = async () => {
    const addresses = await openAddressData({
      countryFile: geoipFile,
      networkFile: geoipAsnFile,
      onMissing: (message) => logger.warn(message),
      run: (steps) => work.run(steps, 'request'),
    })
    parser = new ClickParser({ addresses, keepsAddress: ipPrivacy !== 'none' })
  }
  const ready = async () => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    await opening
  }
  return {
    clickLog: {
      // The place where a listener begins is not to wait for the data.
      span: () => reader.span(),
      more: (position, signal) => reader.more(position, signal),
      read: async (after) => {
        await ready()
        return reader.read(after)
      },
    },
    parser: { parse: (record, node) => parser!.parse(record, node) },
  }
}
