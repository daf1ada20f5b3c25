/** `npm run cluster` as a whole: real servers, real nodes, real keys. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { serialTestWith } from '../test/services/service-test.ts'
import { ClusterCommand, hasTerminal } from './testing/cluster-command.ts'
import { scratchFolder } from './testing/command-process.ts'

const clusterTest = serialTestWith('nats', 'redis', 'mongo')
const terminalTest = hasTerminal ? clusterTest : test.serial.skip

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function allEnd(pids: Iterable<number>): Promise<void> {
  for (const pid of pids) while (isRunning(pid)) await sleep(10)
}

clusterTest('a cluster starts, serves, stops in order, and with --data starts again', async (t) => {
  const data = await scratchFolder(t)
  const first = ClusterCommand.start(t, '--port', '0', '--nodes', '2', '--data', data)
  const { url, key } = await first.ready()
  const headers = { 'x-api-key': key, 'content-type': 'application/json' }
  const body = JSON.stringify({ url: 'https://kept.example/', code: 'kept' })
  const created = await fetch(`${url}/api/links`, { method: 'POST', headers, body })
  t.is(created.status, 201)
  t.deepEqual([...first.nodes().keys()], ['n1', 'n2'])
  first.signal('SIGTERM')
  t.is(await first.ended, 0)
  t.regex(first.output, /The nodes have ended.*\nStopped\. The data is kept in/)
  t.notRegex(first.output, /by itself/)

  const second = ClusterCommand.start(t, '--port', '0', '--nodes', '1', '--data', data)
  const again = await second.ready()
  t.is(again.key, key)
  t.deepEqual([...second.nodes().keys()], ['n3'], 'a name is never given twice')
  const followed = await fetch(`${again.url}/kept`, { redirect: 'manual' })
  t.is(followed.headers.get('location'), 'https://kept.example/')
  const rival = ClusterCommand.start(t, '--port', '0', '--data', data)
  t.is(await rival.ended, 2)
  t.regex(rival.output, /^Another cluster runs on .*\n$/)
  second.signal('SIGTERM')
  t.is(await second.ended, 0)
})

terminalTest('keys add a node, stop one, kill one, list them and end it all', async (t) => {
  const command = ClusterCommand.inTerminal(t, '--port', '0', '--nodes', '2')
  await command.prints(/Keys: /)
  const data = (await command.prints(/data +(\S+) \(removed/))[1]!
  await command.prints(/256 partitions taken over/)
  command.press('+')
  await command.prints(/n3 has joined/)
  await command.prints(/\d+ partitions? moved to n3 in [\d.]+ s; writes waited \d+ ms at most/)
  command.press('k')
  await command.prints(/Killing n1/)
  await command.prints(/n1 is dead/)
  await command.prints(/n1 is dead[^]*\d+ partitions? taken over in [\d.]+ s: n[23] /)
  command.press('-')
  await command.prints(/Stopping n3 in order/)
  await command.prints(/n3 has ended: exit code 0/)
  command.press('-')
  await command.prints(/The last node stays/)
  command.press('+')
  await command.prints(/n4 has joined/)
  await command.prints(/\d+ partitions? moved to n4/)
  command.press('l')
  await command.prints(/n2: \d+ partitions, active, pid \d+, controller/)
  command.press('?x')
  await command.prints(/Keys: [^]*Keys: /)
  t.true(existsSync(data))
  command.press('-')
  await command.prints(/Stopping n4 in order/)
  command.press('\u0003')
  t.is(await command.ended, 0)
  t.regex(command.output, /n4 has ended: exit code 0/, 'Ctrl-C cuts no stop short')
  t.regex(command.output, /Stopping in order[^]*The nodes have ended[^]*Stopped\./)
  t.false(existsSync(data))
  t.notRegex(command.output, /by itself/)
})

clusterTest('a second Ctrl-C ends everything at once', async (t) => {
  const command = ClusterCommand.start(t, '--port', '0', '--nodes', '2')
  await command.ready()
  const data = (await command.prints(/data +(\S+) \(removed/))[1]!
  command.signal('SIGINT')
  await command.prints(/Stopping in order/)
  command.signal('SIGINT')
  t.is(await command.ended, 130)
  t.false(existsSync(data))
  await allEnd(command.nodes().values())
})

clusterTest('nodes and servers end with a command that is killed', async (t) => {
  const command = ClusterCommand.start(
    t,
    '--port',
    '0',
    '--nodes',
    '1',
    '--data',
    await scratchFolder(t),
  )
  await command.ready()
  const [, port] = await command.prints(/NATS +nats:\/\/127\.0\.0\.1:(\d+)/)
  t.true(await accepts(Number(port)))
  command.signal('SIGKILL')
  await command.ended
  await allEnd(command.nodes().values())
  while (await accepts(Number(port))) await sleep(10)
})

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

clusterTest('a node that ends by itself is told, and the cluster goes on', async (t) => {
  const command = ClusterCommand.start(t, '--port', '0', '--nodes', '2')
  await command.ready()
  // The nodes may share the partitions at once, or one take all of them first.
  await command.prints(/taken over in .*n1 \d|moved to n1 /)
  process.kill(command.nodes().get('n1')!, 'SIGKILL')
  await command.prints(/n1 has ended by itself: SIGKILL/)
  await command.prints(/n1 is dead[^]*partitions? taken over in [\d.]+ s: n2 /)
  command.signal('SIGTERM')
  t.is(await command.ended, 0)
})

test('a port in use is said in one line', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const command = ClusterCommand.start(t, '--port', String(port))
  t.is(await command.ended, 2)
  t.regex(command.output, new RegExp(`^Port ${port} is in use\\. Choose another .*\\n$`))
})

test('wrong options are told, and help is there', async (t) => {
  const wrong = ClusterCommand.start(t, '--nodes', 'many')
  const help = ClusterCommand.start(t, '--help')
  t.is(await wrong.ended, 2)
  t.is(wrong.output, '--nodes takes a number from 1 to 16, not "many"\n')
  t.is(await help.ended, 0)
  t.regex(help.output, /^Usage: tinygrid cluster[^]*\n {2}k {2}kill the oldest/)
})
