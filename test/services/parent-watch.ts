/**
 * Lets no child process outlive this one, however this one ends.
 */
import { spawn } from 'node:child_process'

/**
 * Kills a process when this one ends, by whatever cause: a shell waits for the end of a pipe that
 * only this process (or worker thread) holds open. An exit handler would not run at a SIGKILL.
 *
 * @returns releases the process: it has ended, and its number may be given to another
 */
export function killWithParent(pid: number): () => void {
  const watcher = spawn('sh', ['-c', 'read -r _; kill -9 "$1"', 'sh', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  return () => watcher.kill('SIGKILL')
}
