/**
 * How long the turns of a server's event loop take it, by its own processor time: what is left of a
 * late answer when what other processes took is not counted.
 *
 * Loaded into the server before its program (`--import`), where a scenario asks for it. A timer of a
 * millisecond fires once a turn; between two of them the thread had the processor for as long as that
 * turn, or those turns, took. Whoever started the server asks by a message, and gets the longest since
 * it asked last.
 */
const WATCH_MS = 1

let longestMs = 0
let before = busyMs()
setInterval(() => {
  const now = busyMs()
  longestMs = Math.max(longestMs, now - before)
  before = now
}, WATCH_MS).unref()
process.on('message', () => {
  process.send!(longestMs)
  longestMs = 0
})
process.channel!.unref()

function busyMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
