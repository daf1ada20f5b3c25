/**
 * Shlink's web client, but for the form that asks for a server: the component of its pages, with its SDK and
 * its style. Which server is behind the first `#` of the address: `{ baseUrl, apiKey }`, as JSON.
 */
import { ShlinkApiClient } from '@shlinkio/shlink-js-sdk'
import { FetchHttpClient } from '@shlinkio/shlink-js-sdk/fetch'
import { ShlinkWebComponent } from '@shlinkio/shlink-web-component'
import { useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router'

const ATTEMPTS_MAX = 100
const AGAIN_MS = 200

const server = JSON.parse(decodeURIComponent(location.hash.slice(1)))
history.replaceState(null, '', location.pathname)
const apiClient = new ShlinkApiClient(new FetchHttpClient(patientFetch), server)
/** As the web client has them where none were made. */
const settings = { realTimeUpdates: { enabled: true }, visits: { defaultInterval: 'last30Days' } }

/** What a stalled machine cannot answer just now is asked again. */
async function patientFetch(...request) {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(...request)
    if (response.status !== 503 || attempt === ATTEMPTS_MAX) return response
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}

function Client() {
  const [serverVersion, setServerVersion] = useState()
  useEffect(() => {
    apiClient.health().then(
      ({ version }) => setServerVersion(version),
      // Shown where a test looks for it: in the console.
      (error) => reportError(error),
    )
  }, [])
  return (
    serverVersion && (
      <ShlinkWebComponent serverVersion={serverVersion} apiClient={apiClient} settings={settings} />
    )
  )
}

createRoot(document.querySelector('#root')).render(
  <BrowserRouter>
    <Client />
  </BrowserRouter>,
)
