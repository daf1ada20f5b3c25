/**
 * Notices when the machine stands still: no process gets the processor, or the disk does not answer.
 *
 * Used by `npm test`. A rented machine stops for seconds at times, and then time-outs fire although nothing
 * is wrong: in a process that goes on after a stop, they come before the answers that lie waiting. A busy
 * machine is none that stands still: this process sleeps nearly always, so that the scheduler lets it run soon.
 */
import { open, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** What is shorter breaks no time-out of the program. */
const STALL_MS_MIN = 1_000
const TICK_MS = 50
const DISK_PROBE_EVERY_MS = 500

export interface Stall {
  readonly of: 'machine' | 'disk'
  /** By the clock that was given, in ms. */
  readonly from: number
  readonly to: number
}

export interface StallClock {
  /** Monotonic, in ms. */
  now(): number
  sleep(ms: number): Promise<void>
}

const realClock: StallClock = {
  now: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
}

export class MachineStalls {
  readonly #clock: StallClock
  readonly #sync: () => Promise<void>
  readonly #stalls: Stall[] = []
  #isEnded = false

  /** @param syncDisk writes a little to the disk, and resolves when it is there */
  constructor(syncDisk: () => Promise<void>, clock = realClock) {
    this.#sync = syncDisk
    this.#clock = clock
  }

  /** Watches until `end` is called. */
  async watch(): Promise<void> {
    await Promise.all([this.#watchMachine(), this.#watchDisk()])
  }

  end(): void {
    this.#isEnded = true
  }

  all(): readonly Stall[] {
    return this.#stalls
  }

  /** Whether there was one in this span of time, in ms of the clock. */
  touched(from: number, to: number): boolean {
    return this.#stalls.some((stall) => stall.from <= to && stall.to >= from)
  }

  async #watchMachine(): Promise<void> {
    while (!this.#isEnded) {
      const from = this.#clock.now()
      await this.#clock.sleep(TICK_MS)
      this.#note('machine', from, TICK_MS)
    }
  }

  async #watchDisk(): Promise<void> {
    while (!this.#isEnded) {
      const from = this.#clock.now()
      await this.#sync()
      this.#note('disk', from, 0)
      await this.#clock.sleep(DISK_PROBE_EVERY_MS)
    }
  }

  #note(of: Stall['of'], from: number, expectedMs: number): void {
    const to = this.#clock.now()
    if (to - from - expectedMs >= STALL_MS_MIN) this.#stalls.push({ of, from, to })
  }
}

/** Watches this machine and the disk of its temporary files, where the servers of tests keep their data. */
export async function watchThisMachine(): Promise<{
  stalls: MachineStalls
  end(): Promise<void>
}> {
  const file = path.join(tmpdir(), `tinygrid-stalls-${process.pid}`)
  const handle = await open(file, 'w')
  const stalls = new MachineStalls(() => sync(handle))
  const watching = stalls.watch()
  return {
    stalls,
    async end() {
      stalls.end()
      await watching
      await handle.close()
      await rm(file)
    },
  }
}

async function sync(handle: FileHandle): Promise<void> {
  await handle.write('.', 0)
  await handle.sync()
}
