/**
 * Somebody who is asked about each address that links are to lead to, and refuses one host.
 *
 * Used by the scenarios with everything switched on.
 */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'

/** Where nobody may lead. */
export const REFUSED = 'https://refused.example/'

/** @returns its address */
export async function startChecker(t: Pick<ExecutionContext, 'teardown'>): Promise<string> {
  const server = http.createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      const { url } = JSON.parse(text) as { url: string }
      response.end(JSON.stringify({ allowed: !url.startsWith(REFUSED), reason: 'Not there' }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/check`
}
