/**
 * Compares servers by turns: one sample of each per round, so that whatever else the machine does
 * weighs on all of them alike; a ratio is the median of the ratios within the rounds.
 */
import { figure, median } from './measure.ts'
import type { LoadResult } from './load.ts'
import type { Bench } from './scenario.ts'

export interface Contender {
  readonly name: string
  sample(): Promise<LoadResult>
}

export class Rounds {
  readonly #samples = new Map<string, LoadResult[]>()

  /** The first sample of each warms up and is not kept. */
  static async run(
    bench: Bench,
    contenders: readonly Contender[],
    count = bench.options.rounds,
  ): Promise<Rounds> {
    const rounds = new Rounds()
    for (const contender of contenders) await contender.sample()
    for (let round = 0; round < count; round++) {
      for (const contender of contenders) rounds.#keep(bench, contender, await contender.sample())
    }
    return rounds
  }

  /** The median ratio of a figure, within rounds, of one contender to another. */
  ratio(name: string, base: string, of: (result: LoadResult) => number): number {
    const bases = this.#samples.get(base)!
    const ratios = this.#samples.get(name)!.map((result, round) => of(result) / of(bases[round]!))
    return median(ratios)
  }

  median(name: string, of: (result: LoadResult) => number): number {
    return median(this.#samples.get(name)!.map(of))
  }

  #keep(bench: Bench, { name }: Contender, result: LoadResult): void {
    const cpu = result.cpuMicros === undefined ? '' : `, ${figure(result.cpuMicros)} µs CPU`
    bench.say(`  ${name}: ${figure(result.perSecond)}/s${cpu} each, ${result.failures} failed`)
    if (result.failures > 0) throw new Error(`${name}: ${result.failures} answers were not right`)
    this.#samples.set(name, [...(this.#samples.get(name) ?? []), result])
  }
}
