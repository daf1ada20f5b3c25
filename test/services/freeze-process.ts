/**
 * Freezes a process, and returns when it stands still.
 *
 * SIGSTOP is sent at once and obeyed a little later, thread by thread: until then a server may still answer. Where
 * the system tells of threads (Linux) they are looked at; elsewhere the signal must do.
 */
import { readdirSync, readFileSync } from 'node:fs'

const LOOK_EVERY_MS = 1
const LOOKS_MAX = 2_000
/** In /proc/PID/task/TID/stat, behind the name, which may have brackets of its own. */
const STOPPED = /\) [TtZX] /

export function freezeProcess(pid: number): void {
  process.kill(pid, 'SIGSTOP')
  const cell = new Int32Array(new SharedArrayBuffer(4))
  for (let look = 0; look < LOOKS_MAX && !isStopped(pid); look++) {
    Atomics.wait(cell, 0, 0, LOOK_EVERY_MS)
  }
}

function isStopped(pid: number): boolean {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`)
    return tasks.every((task) =>
      STOPPED.test(readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1')),
    )
  } catch {
    return true
  }
}
