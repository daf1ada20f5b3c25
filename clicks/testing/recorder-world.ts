/** A recorder over a click log in memory, with a clock that stands still, for tests. */
import type { Code, EpochMs } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { decodeBatch } from '../log/batch-codec.ts'
import type { ClickRecord } from '../log/click-batch.ts'
import type { Head } from '../ring/click-ring.ts'
import { ClickRecorder, type ClickRecorderOptions } from '../ring/click-recorder.ts'
import { KeyedHash } from '../ring/keyed-hash.ts'
import { MemoryClickLog } from './memory-click-log.ts'

export const NOW = Date.UTC(2030, 0, 1, 12) as EpochMs
const BROWSER = ' HTTP/1.1\r\nHost: sho.rt\r\nUser-Agent: Firefox\r\nCookie: secret\r\n\r\n'

export interface Visit {
  readonly code?: string
  readonly at?: number
  readonly status?: number
  readonly address?: string
  readonly head?: Head
  readonly path?: string
  readonly target?: string
  readonly rule?: number
}

export class RecorderWorld {
  readonly clock = new ManualClock()
  readonly log = new MemoryClickLog()
  readonly recorder: ClickRecorder
  readonly errors: string[] = []

  constructor(options: Partial<ClickRecorderOptions> = {}) {
    const hash = new KeyedHash(new Uint8Array(16))
    this.recorder = new ClickRecorder({
      node: 'a',
      run: 'r1',
      writer: this.log,
      privacy: 'anonymised',
      respectDnt: false,
      trustProxy: false,
      salts: { hashOf: () => hash },
      bufferBytesMax: 1e6,
      clock: this.clock,
      random: () => 0.5,
      defer: (action) => void setImmediate(action),
      onError: (what) => this.errors.push(what),
      ...options,
    })
  }

  visit(visit: Visit = {}): void {
    const { code = 'abc', at = NOW, status = 302, address = '203.0.113.7', head = BROWSER } = visit
    const { path = '', target = 'https://example.com/', rule } = visit
    const { notes } = this.recorder
    const asked = [code as Code, at as EpochMs, status, address, head, path] as const
    if (status !== 302) notes.noteOrphan(...asked)
    else if (rule === undefined) notes.note(...asked, target)
    else notes.noteRuled(...asked, target, rule)
  }

  /** Lets the recorder take what there is, and the log have it. */
  async taken(): Promise<void> {
    await this.clock.pass(100)
  }

  /** All clicks of the log. */
  clicks(): ClickRecord[] {
    return this.log.batches.flatMap(({ payload }) => [...decodeBatch(payload).clicks])
  }

  /** What is logged of one visit. */
  async recordOf(visit: Visit): Promise<ClickRecord> {
    this.visit(visit)
    await this.taken()
    return this.clicks().at(-1)!
  }
}
