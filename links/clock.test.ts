/** The system's clock: an answer that is there comes before the time-out that waits for it. */
import test from 'ava'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { systemClock } from './clock.ts'

test('after a pause of the process, what has come is read before a timer that is over', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  const [accepted] = (await once(server, 'connection')) as [NodeJS.WritableStream]
  const order: string[] = []
  socket.once('data', () => order.push('answer'))
  await new Promise<void>((resolve) => {
    systemClock.after(5, () => {
      order.push('time-out')
      resolve()
    })
    accepted.write('hello')
    holdTheLoop(20)
  })
  t.deepEqual(order, ['answer', 'time-out'])
})

test('a timer that is cancelled in time does nothing, also while it lets others first', async (t) => {
  let isRun = false
  const run = () => {
    isRun = true
  }
  systemClock.after(1, run)()
  const cancel = systemClock.after(1, run)
  // Due at the same time and set later: it runs between the timer and what the timer leads to.
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      cancel()
      resolve()
    }, 1)
    holdTheLoop(5)
  })
  await new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve))
  })
  t.false(isRun)
})

function holdTheLoop(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}
