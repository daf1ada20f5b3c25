/** Nothing of a visitor's address is anywhere that TINYGRID_IP_PRIVACY does not let be kept. */
import { globSync, readFileSync, statSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import test from 'ava'
import { decodeBatch } from '../clicks/log/batch-codec.ts'
import { LmdbClickReader } from '../clicks/log/lmdb-click-reader.ts'
import { systemClock } from '../links/clock.ts'
import { until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'

const ADDRESSES = ['198.51.100.77', '2001:db8:1234:5678:9abc:def0:1357:2468']
/** As the setting keeps them, in CSV. */
const KEPT = {
  none: ['', ''],
  anonymised: ['198.51.100.0', '2001:db8:1234::'],
  full: ADDRESSES,
} as const
const PATIENCE_MS = 60_000

for (const privacy of ['none', 'anonymised', 'full'] as const) {
  test.serial(`with ${privacy}`, async (t) => {
    t.timeout(120_000)
    const dataDir = temporaryDirectory(t)
    const program = await Program.start({
      dataDir,
      env: {
        TINYGRID_IP_PRIVACY: privacy,
        TINYGRID_TRUST_PROXY: 'true',
        TINYGRID_ROLES: 'gateway,actors,analytics',
        TINYGRID_LOG_LEVEL: 'trace',
      },
    })
    t.teardown(() => program.kill())
    await program.create({ url: 'https://example.org/', code: 'a' })
    // Read in front of Fastify, and behind it.
    for (const target of ['/a', '/a?x=1', '/nonesuch']) {
      for (const address of ADDRESSES) await visit(program, target, address)
    }
    const csv = async () => {
      const reply = await program.api('/api/visits?format=csv')
      return reply.status === 200 ? await reply.text() : ''
    }
    await until('all visits are stored', PATIENCE_MS, async () => lines(await csv()).length === 5)
    const shown = [await csv(), await (await program.api('/metrics')).text()]
    const column = lines(shown[0]!)[0]!.split(',').indexOf('address')
    const stored = lines(shown[0]!)
      .slice(1)
      .map((line) => line.split(',')[column]!)
    t.deepEqual([...new Set(stored)].sort(), [...new Set<string>(KEPT[privacy])].sort())
    t.is(await program.stop(), 0)
    const logged = await textOfLog(path.join(dataDir, 'data', 'clicks', 'log'))
    t.is(logged.clicks, 6)
    const everything = [...shown, program.output, logged.text, ...filesUnder(dataDir)]
    for (const address of ADDRESSES) {
      const isFound = everything.some((text) => text.includes(address))
      t.is(isFound, privacy === 'full', address)
    }
  })
}

/** Names the address in every header that proxies write it into. */
function visit({ url }: Program, target: string, address: string): Promise<void> {
  const headers = {
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0',
    'x-forwarded-for': `203.0.113.9, ${address}`,
    'x-real-ip': address,
    'cf-connecting-ip': address,
    'true-client-ip': address,
    forwarded: `for="${address}"`,
    cookie: `ip=${address}`,
  }
  return new Promise((resolve, reject) => {
    http
      .get(`${url}${target}`, { headers }, (response) => {
        response.resume()
        response.on('end', resolve)
      })
      .on('error', reject)
  })
}

function lines(text: string): string[] {
  return text.split('\r\n').filter((line) => line !== '')
}

/** Its batches are compressed, so they are read as readers do. */
async function textOfLog(directory: string): Promise<{ text: string; clicks: number }> {
  const reader = LmdbClickReader.of(directory, systemClock)
  const batches = (await reader.read(0)).map(({ payload }) => decodeBatch(payload))
  await reader.close()
  const clicks = batches.reduce((sum, batch) => sum + batch.clicks.length, 0)
  return { text: JSON.stringify(batches), clicks }
}

function filesUnder(directory: string): string[] {
  const files = globSync('**/*', { cwd: directory }).map((name) => path.join(directory, name))
  return files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file, 'latin1'))
}
