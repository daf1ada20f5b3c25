import { hostname, networkInterfaces } from 'node:os'
import test from 'ava'
import { startGateway } from '../testing/test-gateway.ts'

function addressesOfThisMachine(): string[] {
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return found.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address))
}

test('own addresses are refused on every way to say "here"', async (t) => {
  const { call } = await startGateway(t, { port: 3000 })
  const refused = [
    'http://SHO.RT/',
    'https://sho.rt/x',
    'http://sho.rt./x',
    'http://sho.rt:80/',
    'http://localhost:3000/',
    'http://127.0.0.1:3000/',
    'http://127.1:3000/',
    'http://0x7f.1:3000/',
    'http://[::1]:3000/',
    'http://[::ffff:127.0.0.1]:3000/',
    'http://a.localhost:3000/',
    'http://0:3000/',
    'http://[::]:3000/',
    'http://[::ffff:0.0.0.0]:3000/',
    `http://${hostname()}:3000/`,
    `http://${hostname().toUpperCase()}.:3000/x`,
    ...addressesOfThisMachine().map((address) => `http://${address}:3000/`),
  ]
  for (const url of refused) t.is((await call('POST', '/api/links', { url })).status, 400, url)
  for (const url of ['http://localhost:3001/', 'http://not-sho.rt/', 'http://sho.rt:8080/']) {
    t.is((await call('POST', '/api/links', { url })).status, 201, url)
  }
})

test('with a base URL, that host is refused, whatever the client calls us', async (t) => {
  const { call } = await startGateway(t, { baseUrl: 'https://go.example' })
  const create = (url: string) => call('POST', '/api/links', { url })
  t.is((await create('http://go.example/x')).status, 400)
  t.is((await create('https://go.example:443/x')).status, 400)
  t.is((await create('https://www.go.example/x')).status, 201)
})
