/**
 * Lets a process yield to all others: redirects come first. Used by the analytics process.
 *
 * On Linux each thread has a priority of its own, and threads that run already keep theirs: those of Node's
 * pool, in which the store counts, are there before any code of ours is. Threads made later take that of the
 * one that makes them.
 */
import { readdirSync } from 'node:fs'
import os from 'node:os'

const THREADS = '/proc/self/task'

export function lowerPriority(priority: number): void {
  os.setPriority(priority)
  for (const thread of threads()) {
    try {
      os.setPriority(thread, priority)
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** None where the system tells of none: there the priority is the process's. */
function threads(): number[] {
  try {
    return readdirSync(THREADS).map(Number)
  } catch {
    return []
  }
}
