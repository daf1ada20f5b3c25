/**
 * A thread that does nothing, as fast as it can: what stands in for another program on the machine.
 */
import { isMainThread, Worker } from 'node:worker_threads'

/** Runs until it is stopped. */
export class BusyLoop {
  readonly #worker = new Worker(new URL(import.meta.url))

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}

if (!isMainThread) for (;;);
