/**
 * Lets clicks of a server be switched off and on while it runs, so that one process is compared with itself.
 *
 * Loaded into the server before its program (`--import`), where a scenario asks for it, and told by a message.
 * Switched off, the ring notes nothing, so that nothing is batched and logged; what is left is that a redirect
 * asks for the visitor's address. Rejected: two processes, one with the setting off. Two that do the same
 * differ by up to 7 %, in where their memory lies and how their code was compiled, which is as much as clicks cost.
 */
import { ClickRing } from '../clicks/ring/click-ring.ts'

/** By then what was noted is in the log. */
const LOGGED_MS = 300

let isOn = true
const note = Reflect.get<ClickRing, 'note'>(ClickRing.prototype, 'note')
ClickRing.prototype.note = function (code, at, status, address, head, path, target) {
  if (isOn) note.call(this, code, at, status, address, head, path, target)
}
process.on('message', (wanted: boolean) => {
  isOn = wanted
  setTimeout(() => process.send!('switched'), LOGGED_MS)
})
process.channel!.unref()
