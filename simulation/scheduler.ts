/**
 * The scheduler: virtual time, and the one queue of all that will happen.
 *
 * Everything asynchronous in a simulation is an event here: a message that arrives, a timer, an
 * answer. Events run one at a time in the order of their time, and of their scheduling where the
 * time is the same. After each event all promise callbacks that it made ready have run before the
 * next one begins, so that a run depends on its seed alone. Virtual time costs nothing.
 *
 * The queue is a binary heap; a cancelled event stays in it, empty, until its time.
 */

interface Event {
  readonly at: number
  /** Invariant: rises with each event scheduled. */
  readonly order: number
  /** undefined: cancelled. */
  action: (() => void) | undefined
}

export class Scheduler {
  /** Invariant: no event comes before the one at half its index. */
  readonly #heap: Event[] = []
  #now = 0
  #scheduled = 0
  #ran = 0

  /** Virtual milliseconds since the simulation began; with a fraction. */
  get now(): number {
    return this.#now
  }

  /** Events that have run. */
  get count(): number {
    return this.#ran
  }

  /** Runs `action` as an event `ms` from now. Returns what cancels it. */
  after(ms: number, action: () => void): () => void {
    const at = this.#now + Math.max(0, ms)
    const event: Event = { at, order: this.#scheduled++, action }
    this.#push(event)
    return () => (event.action = undefined)
  }

  /** Runs the events up to a time, inclusive, and those that they lead to; then it is that time. */
  async runUntil(time: number): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.at <= time; next = this.#heap[0]) {
      this.#pop()
      const { action } = next
      if (action === undefined) continue
      this.#now = next.at
      this.#ran++
      action()
      await settle()
    }
    this.#now = Math.max(this.#now, time)
  }

  #push(event: Event): void {
    const heap = this.#heap
    let index = heap.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(event, heap[parent]!)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

/** All microtasks run before the next turn of the event loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
