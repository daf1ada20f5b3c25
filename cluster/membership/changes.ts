/** Waiting for something to be so that others change: asked again after each change. */

export class Changes {
  readonly #waiting = new Set<() => void>()
  #isOver = false

  /** Something has changed. */
  tell(): void {
    for (const ask of this.#waiting) ask()
  }

  /** Nothing will change any more: whoever waits goes on. */
  end(): void {
    this.#isOver = true
    this.tell()
  }

  /** Returns when `condition` holds after a change, or holds already, or all is over. */
  async until(condition: () => boolean): Promise<void> {
    if (condition() || this.#isOver) return
    await new Promise<void>((resolve) => {
      const ask = (): void => {
        if (!condition() && !this.#isOver) return
        this.#waiting.delete(ask)
        resolve()
      }
      this.#waiting.add(ask)
    })
  }
}
