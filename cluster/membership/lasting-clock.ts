/**
 * A clock for leases, which also counts time in which the process's own clock stood still.
 *
 * The monotonic clock stands still while a machine sleeps or a virtual machine is paused. By it alone
 * a process would wake after an hour, take its lease for a second old, and answer as an owner until
 * its next renewal is refused. So each reading is compared with the wall clock: what that one went
 * ahead more than the other is time that was lost, and is added. Used by Membership for everything
 * that it measures; timers run by the process's own clock.
 *
 * What holds: a node that stood still for longer than a lease does not answer as an owner when it
 * wakes, if its wall clock was set right by then. If not (a hypervisor that hides the pause from
 * both clocks), it may answer reads as an owner until its next renewal is refused: it is sent within
 * LEASE_RENEW_MS of running and ends within the key-value store's bound on a call. Writes are safe in
 * any case: the log refuses them.
 * A wall clock that is set forward looks the same: the node is fenced until its next renewal, which
 * is a third of a second without harm. Set back, it changes nothing. Rejected: the boot-time clock,
 * which Node does not give and which stands still with a paused machine too.
 */
import type { Clock } from '../../links/clock.ts'

/** Clocks that are read one after the other, or slewed by NTP, differ by less from call to call. */
const STANDSTILL_MS_MIN = 100

/** @param wallNow the wall clock in ms; it may be set forward and back */
export function lastingClock(clock: Clock, wallNow: () => number): Clock {
  let lost = 0
  /** How far the wall clock was ahead of the other one at the last reading. */
  let ahead = wallNow() - clock.now()
  return {
    now: () => {
      const now = clock.now()
      const aheadNow = wallNow() - now
      if (aheadNow - ahead >= STANDSTILL_MS_MIN) lost += aheadNow - ahead
      ahead = aheadNow
      return now + lost
    },
    after: (ms, action) => clock.after(ms, action),
  }
}
