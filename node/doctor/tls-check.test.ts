/** Whatever is wrong with the files of HTTPS is named, by the doctor and where it stops a start. */
import { generateKeyPairSync } from 'node:crypto'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import pino from 'pino'
import test, { type ExecutionContext } from 'ava'
import { readConfig, type Config } from '../../config.ts'
import { authority, keepCertificate, makeCertificate } from '../../test/certificates.ts'
import { temporaryDirectory } from '../../test/program.ts'
import { ownCertificateOf } from '../own-tls-settings.ts'
import { examinePort } from './port-check.ts'
import { examineTls } from './tls-check.ts'

const NOW = Date.now()
const DAY_MS = 86_400_000
const days = (count: number) => new Date(NOW + count * DAY_MS)
const silent = pino({ level: 'silent' })

type Files = Pick<Config, 'tlsCert' | 'tlsKey'>

function kept(t: ExecutionContext, content: { cert: string; key: string }): Files {
  const files = keepCertificate(temporaryDirectory(t), 'own', { name: 'own', ...content })
  return { tlsCert: files.cert, tlsKey: files.key }
}

function told(files: Files): string[] {
  const config = { ...readConfig({}), ...files }
  return examineTls(config, NOW).map(({ state, found }) => `${state}: ${found}`)
}

/** What a start says; undefined: it goes on. */
function stopped(files: Files): string | undefined {
  try {
    const certificate = ownCertificateOf({ ...files, hstsSeconds: 0 }, silent)
    certificate?.stop()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const issuer = authority('An authority')
const good = makeCertificate({ name: 'good', issuer })
const chained = { ...good, cert: good.cert + issuer.cert }

test('what can be served and believed is told to be right', (t) => {
  for (const content of [chained, makeCertificate({ name: 'self' })]) {
    const files = kept(t, content)
    t.deepEqual(told(files), ['ok: the certificate and its key can be used'])
    t.is(stopped(files), undefined)
  }
  t.deepEqual(told({ tlsCert: undefined, tlsKey: undefined }), [])
})

test('what cannot be served stops the start, and the doctor says the same', (t) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const locked = privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  })
  const directory = temporaryDirectory(t)
  const wrong: [Files, RegExp][] = [
    [kept(t, { ...chained, key: makeCertificate({ name: 'x' }).key }), /cannot be used together/],
    [kept(t, { ...chained, key: locked }), /TINYGRID_TLS_KEY .*no private key without a password/],
    [kept(t, { ...chained, key: good.cert }), /TINYGRID_TLS_KEY .*no private key/],
    [kept(t, { ...chained, cert: good.key }), /TINYGRID_TLS_CERT .*no certificate in PEM/],
    [kept(t, { ...chained, cert: '' }), /TINYGRID_TLS_CERT .*no certificate in PEM/],
    [kept(t, { ...chained, cert: good.cert.slice(0, 200) }), /no certificate in PEM/],
    [{ ...kept(t, chained), tlsCert: path.join(directory, 'none') }, /cannot be read \(ENOENT\)/],
    [{ ...kept(t, chained), tlsKey: directory }, /TINYGRID_TLS_KEY .*cannot be read \(EISDIR\)/],
  ]
  for (const [files, reason] of wrong) {
    t.regex(stopped(files) ?? '', reason)
    const [found, ...more] = told(files)
    t.regex(found!, /^wrong: /)
    t.regex(found!, reason)
    t.deepEqual(more, [])
  }
})

test('one file without the other is named', (t) => {
  const { tlsCert, tlsKey } = kept(t, chained)
  for (const env of [{ TINYGRID_TLS_CERT: tlsCert! }, { TINYGRID_TLS_KEY: tlsKey! }])
    t.throws(() => readConfig(env), {
      message: /is set, but TINYGRID_TLS_\w+ is not: both or none/,
    })
})

test('what clients will not believe is told, and does not stop the start', (t) => {
  const from = days(-60)
  const middle = makeCertificate({ name: 'Between', issuer, isAuthority: true, hosts: [] })
  const far = makeCertificate({ name: 'far', issuer: middle })
  const made = (options: { from?: Date; until?: Date }) => {
    const certificate = makeCertificate({ name: 'own', issuer, ...options })
    return { ...certificate, cert: certificate.cert + issuer.cert }
  }
  const doubtful: [{ cert: string; key: string }, RegExp][] = [
    [made({ from, until: days(-1) }), /^wrong: the certificate has expired on/],
    [made({ from: days(1) }), /^wrong: .*is not yet/],
    [made({ until: days(5) }), /^warning: the certificate expires on/],
    [good, /^warning: .*no certificate behind its own, which An authority has signed/],
    [{ ...far, cert: far.cert + issuer.cert }, /^wrong: .*An authority follows one that Between/],
  ]
  for (const [content, reason] of doubtful) {
    const files = kept(t, content)
    t.is(stopped(files), undefined)
    const found = told(files)
    t.is(found.length, 1, found.join())
    t.regex(found[0]!, reason)
  }
  t.deepEqual(told(kept(t, { ...far, cert: far.cert + middle.cert + issuer.cert })), [
    'ok: the certificate and its key can be used',
  ])
})

test('who runs is found by HTTPS too, whoever has signed its certificate', async (t) => {
  const server = createHttpsServer(makeCertificate({ name: 'self' }), (_request, response) => {
    response.end('{"status":"live"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const config = { ...readConfig({}), host: '127.0.0.1', port, reusePort: false }
  const { isRunning, finding } = await examinePort(config)
  t.true(isRunning, finding.found)
})
