/**
 * Runs many seeds on several threads.
 *
 * A run keeps to itself but for the classes that a planted fault changes, and a process waits for one
 * run at a time; so each thread runs one after the other, and threads share nothing.
 */
import { Worker } from 'node:worker_threads'
import type { RunResult } from './run.ts'
import type { SettingName } from './settings.ts'

export interface SeedRange {
  readonly first: number
  /** Inclusive. */
  readonly last: number
  readonly step: number
  readonly setting: SettingName
  /** One of the setting's. */
  readonly fault: string | undefined
}

export interface SeedsOptions {
  readonly from: number
  readonly seeds: number
  readonly workers: number
  readonly setting: SettingName
  readonly fault?: string | undefined
  /** Called with each result. True: that is enough, stop all threads. */
  readonly onResult: (result: RunResult) => boolean
}

/** Resolves when every seed has run, or enough have. */
export async function runSeeds(options: SeedsOptions): Promise<void> {
  const { from, seeds, workers, setting, fault } = options
  const last = from + seeds - 1
  const threads: Worker[] = []
  const stop = async () => {
    await Promise.all(threads.map((thread) => thread.terminate()))
  }
  const runs = Array.from({ length: Math.min(workers, seeds) }, async (_, index) => {
    const range: SeedRange = { first: from + index, last, step: workers, setting, fault }
    const thread = new Worker(new URL('seeds-worker.ts', import.meta.url), { workerData: range })
    threads.push(thread)
    await new Promise<void>((resolve, reject) => {
      thread.on('message', (result: RunResult) => {
        if (options.onResult(result)) void stop()
      })
      thread.on('error', reject)
      thread.on('exit', () => {
        resolve()
      })
    })
  })
  try {
    await Promise.all(runs)
  } finally {
    await stop()
  }
}
