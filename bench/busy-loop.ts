/**
 * A thread that does nothing, as fast as it can: what stands in for another program on the machine.
 */
import os from 'node:os'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

/** Runs until it is stopped. */
export class BusyLoop {
  readonly #worker: Worker

  /** @param priority of the operating system's -20 to 19; on Linux it is the thread's alone */
  constructor(priority = 0) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: priority })
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}

if (!isMainThread) {
  if (workerData !== 0) os.setPriority(workerData as number)
  for (;;);
}
