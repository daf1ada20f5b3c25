/**
 * The analytics process as a child of this one.
 *
 * It inherits the environment, gets its settings by a message, and writes nothing of its own; what the
 * runtime prints when it breaks down is handed on.
 */
import { fork } from 'node:child_process'
import path from 'node:path'
import type { AnalyticsChild } from './analytics-supervisor.ts'

const PROGRAM = path.join(import.meta.dirname, 'analytics-process.ts')
/** Groups of clicks live for half a second: they are not to be moved to where collecting is costly. */
const NODE_OPTIONS = ['--max-semi-space-size=64']
/** Questions, look-ups and writes each take one while the store works. */
const THREADS = '8'
/** Of what it prints at a time. */
const PRINTED_MAX = 4_096

/** @param onPrint told what it printed, for people */
export function forkAnalytics(onPrint: (text: string) => void): AnalyticsChild {
  const child = fork(PROGRAM, [], {
    execArgv: NODE_OPTIONS,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, UV_THREADPOOL_SIZE: THREADS },
  })
  child.stderr!.setEncoding('utf8')
  child.stderr!.on('data', (text: string) => onPrint(text.slice(0, PRINTED_MAX)))
  return {
    pid: child.pid,
    send: (message) => child.send(message),
    kill: (signal) => child.kill(signal),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => {
      child.on('exit', listener)
      // One that could not be started has no exit. A message to one that has ended is an error too.
      child.on('error', () => {
        if (child.pid === undefined) listener()
      })
    },
  }
}
