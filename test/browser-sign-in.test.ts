/**
 * A person signs in on the web page by an account at a provider, and out again, over the real program.
 */
import { stat } from 'node:fs/promises'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import type { ExecutionContext } from 'ava'
import { CLIENT_ID, CLIENT_SECRET, startProvider } from '../gateway/testing/oidc-provider.ts'
import { browserTest, inspect, openPage } from './browser.ts'
import { resultLink, row, settles, shorten } from './browser-page.ts'
import { Program, temporaryDirectory } from './program.ts'

const ROLES = 'admins=admin,staff=create'

browserTest('a person signs in by clicking through, sees its role, and signs out', async (t) => {
  const relay = await startRelay(t)
  const base = `http://localhost:${relay.port}`
  const provider = await startProvider(t, base)
  provider.accounts.set('ada', { name: 'Ada Lovelace', groups: ['staff'] })
  const dataDir = temporaryDirectory(t)
  const program = await Program.start({
    dataDir,
    env: {
      TINYGRID_BASE_URL: base,
      TINYGRID_OIDC_ISSUER: provider.issuer,
      TINYGRID_OIDC_CLIENT_ID: CLIENT_ID,
      TINYGRID_OIDC_CLIENT_SECRET: CLIENT_SECRET,
      TINYGRID_OIDC_ROLES: ROLES,
      TINYGRID_OIDC_SCOPES: 'openid profile groups',
    },
  })
  t.teardown(async () => void (await program.stop()))
  relay.to = Number(new URL(program.url).port)

  const page = await openPage(t, `${base}/#/stats`, {}, [provider.issuer])
  const account = page.getByRole('link', { name: 'Sign in with your account' })
  await account.waitFor()
  await inspect(t, page, 'sign-in-with-account')
  await account.click()
  await page.getByLabel('Name').fill('ada')
  await page.getByRole('button', { name: 'Log in' }).click()

  await page.getByText('Ada Lovelace').waitFor()
  t.is(page.url(), `${base}/#/stats`)
  await page.getByRole('link', { name: 'Links', exact: true }).click()
  await shorten(page, { url: 'https://example.com/by-ada', code: 'by-ada' })
  await resultLink(page).waitFor()
  await row(page, 'by-ada').waitFor()
  await settles(
    t,
    () =>
      row(page, 'by-ada')
        .getByRole('button', { name: /^(Edit|Delete)/ })
        .count(),
    0,
  )
  await settles(t, () => page.getByRole('link', { name: 'Keys', exact: true }).count(), 0)
  await inspect(t, page, 'signed-in-with-account')
  await page.setViewportSize({ width: 360, height: 740 })
  await inspect(t, page, 'signed-in-on-phone')
  await settles(t, () => page.evaluate('document.cookie + localStorage.length'), '0')
  const secret = await stat(path.join(dataDir, 'data', 'session-secret'))
  t.is(secret.mode & 0o777, 0o600)

  await page.reload()
  await page.getByText('Ada Lovelace').waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  // The provider asks whether it shall sign out there, too.
  await page.getByRole('button', { name: /yes/i }).click()
  await account.waitFor()
  t.is(new URL(page.url()).origin, base)
  await page.reload()
  await account.waitFor()
  t.notRegex(program.output, new RegExp(`${CLIENT_SECRET}|code=|eyJ`))
})

/** A port that is known before the program is started, which has to know its public address. */
async function startRelay(t: ExecutionContext): Promise<{ port: number; to: number }> {
  const relay = { port: 0, to: 0 }
  const sockets = new Set<net.Socket>()
  const server = net.createServer((client) => {
    const upstream = net.connect(relay.to, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  relay.port = (server.address() as AddressInfo).port
  return relay
}
