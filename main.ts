/**
 * `npm start`: the process, and what ends it.
 *
 * SIGTERM and SIGINT end it at once until the program is there to stop in order. Left to the system the
 * first process of a container would not hear them: the kernel lets it ignore what it has not asked for,
 * so whoever stops a container that still starts would wait until it is killed. For the same
 * reason the program is loaded here and not imported above: that alone takes a second and more.
 */
import { constants } from 'node:os'

/** As shells know it: ended by signal n. */
const EXIT_BY_SIGNAL = 128

let handle = (signal: NodeJS.Signals): void => {
  process.exit(EXIT_BY_SIGNAL + constants.signals[signal])
}
process.on('SIGTERM', (signal) => handle(signal))
process.on('SIGINT', (signal) => handle(signal))

const { runProgram } = await import('./node/program.ts')
void runProgram((next) => {
  handle = next
})
