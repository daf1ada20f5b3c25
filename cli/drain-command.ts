/**
 * `tinygrid drain`: a node of a cluster gives its partitions to the others, and stays or stops.
 *
 * Waits until it has none left, and tells how many there are meanwhile on standard error.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiCommand, Call } from './api-command.ts'
import { CommandError, EXIT_CODES } from './command-error.ts'
import { harmless } from './text-table.ts'

interface SeenNode {
  readonly id: string
  readonly state: string
  readonly partitionsOwned: number
}

const POLL_MS = 500
/** A cluster whose writes wait for a server may take long; what it does it goes on with. */
const WAIT_MS_MAX = 600_000

export const DRAIN_COMMAND: ApiCommand = {
  name: 'drain',
  about:
    'Has a node give its partitions to the others, and stay without any: until --undo, or its next start.',
  takes: 'NODE',
  positionals: [1, 1],
  options: {
    stop: { type: 'boolean', about: 'end its process when it has given all away' },
    undo: { type: 'boolean', about: 'let it have partitions again' },
    'no-wait': { type: 'boolean', about: 'return at once; tinygrid nodes tells how far it is' },
  },
  examples: ['tinygrid drain n1', 'tinygrid drain n1 --stop', 'tinygrid drain n1 --undo'],
  async run(call) {
    const id = call.positionals[0]!
    const [undo, stop] = [call.is('undo'), call.is('stop')]
    if (undo && stop) throw new CommandError('--undo and --stop exclude each other')
    const path = `/api/cluster/nodes/${encodeURIComponent(id)}/drain`
    const asked = await call.ask(undo ? 'DELETE' : 'POST', path, undo ? undefined : { stop })
    if (undo || call.is('no-wait')) {
      const done = undo ? 'is given partitions again' : 'has begun'
      call.print(asked, () => `${harmless(id)} ${done}\n`)
      return
    }
    const last = await emptied(call, id, stop)
    const state = last?.state ?? 'gone'
    const told = { id, state, partitionsOwned: last?.partitionsOwned ?? 0 }
    call.print(told, () => `${harmless(id)} ${stop ? 'has ended' : 'has no partitions left'}\n`)
  },
}

/** As it is in the end; undefined: it is gone. @throws CommandError after WAIT_MS_MAX */
async function emptied(call: Call, id: string, isToEnd: boolean): Promise<SeenNode | undefined> {
  const deadline = performance.now() + WAIT_MS_MAX
  let told: number | undefined
  while (performance.now() < deadline) {
    const seen = await look(call, id, isToEnd && told !== undefined)
    const left = seen?.partitionsOwned ?? 0
    if (left !== told) process.stderr.write(`${harmless(id)}: ${left} partitions left\n`)
    told = left
    if (left === 0 && (!isToEnd || seen === undefined || seen.state === 'gone')) return seen
    await sleep(POLL_MS)
  }
  const why = `${id} still has ${told} partitions after ${WAIT_MS_MAX / 60_000} minutes; it goes on`
  throw new CommandError(why, EXIT_CODES.someFailed)
}

/** undefined: it is gone, or it was the server that was asked, and has ended. */
async function look(call: Call, id: string, mayBeGone: boolean): Promise<SeenNode | undefined> {
  try {
    const { nodes } = await call.ask<{ nodes: readonly SeenNode[] }>('GET', '/api/cluster')
    return nodes.find((node) => node.id === id)
  } catch (error) {
    const isSilent = error instanceof CommandError && error.exitCode === EXIT_CODES.stopped
    if (isSilent && mayBeGone) return undefined
    throw error
  }
}
