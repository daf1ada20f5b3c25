/** A connection to NATS stands or says in one line why not, and comes back by itself. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import test from 'ava'
import { NatsService, type NatsOptions } from '../../test/services/nats-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { connectPatiently } from '../testing/patient-connection.ts'
import { connectNats, isConnected, onDisconnect } from './nats-connection.ts'
import { StartError } from '../../links/errors.ts'

const natsTest = testWith('nats')

test('a server that is not there is named, with its port', async (t) => {
  t.is(
    await refusalOf('nats://ann:secret@127.0.0.1:1'),
    'NATS at 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1; check NATS_URL',
  )
})

test('a server that takes the connection and says nothing is given up', async (t) => {
  await withFakeServer(
    () => {},
    async (port) => {
      const refusal = await refusalOf(`127.0.0.1:${port}`, connectNats)
      t.is(refusal, `NATS at 127.0.0.1:${port} cannot be reached: no answer; check NATS_URL`)
    },
  )
})

test('a server that is too old is refused', async (t) => {
  await withFakeServer(greetAsOld, async (port) => {
    const refusal = await refusalOf(`127.0.0.1:${port}`)
    t.is(refusal, `NATS at 127.0.0.1:${port} is version 2.10.29; 2.11 or later is needed`)
  })
})

natsTest('wrong credentials are refused, and the password is not shown', async (t) => {
  await withServer({ user: 'ann', password: 'right' }, async ({ port }) => {
    for (const credentials of ['', 'ann:secret@', 'bob:right@', 'token@']) {
      t.is(
        await refusalOf(`nats://${credentials}127.0.0.1:${port}`),
        `NATS at 127.0.0.1:${port} refuses the credentials in NATS_URL`,
      )
    }
    const connection = await connectPatiently({
      url: `nats://ann:right@127.0.0.1:${port}`,
      name: 'x',
    })
    t.true(isConnected(connection))
    await connection.close()
    t.false(isConnected(connection))
  })
})

natsTest('a server without JetStream is refused', async (t) => {
  await withServer({ jetStream: false }, async ({ url, port }) => {
    const refusal = await refusalOf(url)
    t.is(refusal, `NATS at 127.0.0.1:${port} has no JetStream; start nats-server with -js`)
  })
})

natsTest('an account without JetStream is refused', async (t) => {
  const config = 'accounts { A { users: [{ user: ann, password: right }] } }'
  await withServer({ config }, async ({ port }) => {
    const refusal = await refusalOf(`nats://ann:right@127.0.0.1:${port}`)
    t.regex(refusal, /^NATS at \S+ has no JetStream for this account; /)
  })
})

natsTest('a user who may not do what a node does is refused', async (t) => {
  const user = `user: ann, password: right, permissions: { subscribe: "other.>" }`
  const config = `authorization { users: [{ ${user} }] }`
  await withServer({ config }, async ({ port }) => {
    const refusal = await refusalOf(`nats://ann:right@127.0.0.1:${port}`)
    t.regex(refusal, /does not let the user in NATS_URL .*Subscription.*; deploy\/nats-perm/)
  })
})

natsTest('a server that takes small messages only is refused', async (t) => {
  await withServer({ config: 'max_payload: 100000' }, async ({ url }) => {
    const refusal = await refusalOf(url)
    t.regex(refusal, /takes messages of 100000 bytes; set its max_payload to 1MB or more$/)
  })
})

natsTest('of several servers one that answers is enough', async (t) => {
  await withServer({}, async ({ url }) => {
    const connection = await connectPatiently({ url: `nats://127.0.0.1:1,${url}`, name: 'x' })
    t.true(isConnected(connection))
    await connection.close()
  })
})

natsTest('a lost connection is told and comes back by itself', async (t) => {
  await withServer({}, async (server) => {
    const connection = await connectPatiently({ url: server.url, name: 'x' })
    let losses = 0
    const stop = onDisconnect(connection, () => losses++)
    await server.kill()
    await until(() => !isConnected(connection))
    await server.restart()
    await until(() => isConnected(connection))
    t.is(losses, 1)
    stop()
    server.freeze()
    await until(() => !isConnected(connection))
    server.thaw()
    await until(() => isConnected(connection))
    t.is(losses, 1)
    await connection.close()
  })
})

function greetAsOld(socket: Socket): void {
  const info = { server_id: 'x', version: '2.10.29', max_payload: 1_048_576, headers: true }
  socket.write(`INFO ${JSON.stringify(info)}\r\n`)
  socket.on('data', () => socket.write('PONG\r\n'))
}

async function refusalOf(url: string, connect = connectPatiently): Promise<string> {
  try {
    await (await connect({ url, name: 'x' })).close()
  } catch (error) {
    if (error instanceof StartError) return error.message
    throw error
  }
  throw new Error('it connected')
}

async function withServer(
  options: NatsOptions,
  tell: (server: NatsService) => Promise<void>,
): Promise<void> {
  const server = await NatsService.start(options)
  try {
    await tell(server)
  } finally {
    await server.close()
  }
}

/** What the real program cannot be made to say. */
async function withFakeServer(
  greet: (socket: Socket) => void,
  tell: (port: number) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    greet(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await tell((server.address() as AddressInfo).port)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it did not come to it in time')
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}
