/** Saved values in memory, for tests: they outlive what uses them, as long as the test keeps them. */
import type { SavedValues } from '../hooks/saved-values.ts'

export class MemoryValues implements SavedValues {
  readonly #values = new Map<string, string>()

  async list(prefix: string): Promise<ReadonlyMap<string, string>> {
    const names = [...this.#values.keys()].filter((name) => name.startsWith(prefix)).sort()
    return new Map(names.map((name) => [name, this.#values.get(name)!]))
  }

  async put(name: string, value: string): Promise<void> {
    this.#values.set(name, value)
  }

  async remove(name: string): Promise<void> {
    this.#values.delete(name)
  }
}
