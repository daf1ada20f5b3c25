/**
 * What happens to a node that counts clicks, and to its analytics process, in scenarios.
 */
import { readFileSync } from 'node:fs'
import { pause } from './deadline.ts'
import type { Program } from './program.ts'

export type ClickFault = 'freeze node' | 'kill analytics' | 'freeze analytics'

const FROZEN_MS = 300

/** Returns when it is over; the node lives on. */
export async function commit(fault: ClickFault, program: Program): Promise<void> {
  if (fault === 'freeze node') {
    program.freeze()
    await pause(FROZEN_MS)
    return program.thaw()
  }
  // It may be dead at this moment, and another one not there yet.
  const pid = analyticsOf(program)
  if (pid === undefined) return
  if (fault === 'kill analytics') return signal(pid, 'SIGKILL')
  signal(pid, 'SIGSTOP')
  await pause(FROZEN_MS)
  signal(pid, 'SIGCONT')
}

/** The only child of the node. */
function analyticsOf({ pid }: Program): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === '' ? undefined : Number(children.split(' ')[0])
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has just ended.
  }
}

/** The numbers of its metrics that have no labels. */
export async function numbersOf(program: Program): Promise<Record<string, number>> {
  const text = await (await program.api('/metrics')).text()
  const found = text.matchAll(/^tinygrid_([a-z_]+) (\d+)$/gm)
  return Object.fromEntries(Array.from(found, ([, name, value]) => [name!, Number(value)]))
}
