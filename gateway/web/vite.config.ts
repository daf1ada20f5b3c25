/**
 * How Vite builds the page: into `dist`, which the gateway serves at `/`.
 *
 * Nothing is inlined, because the Content Security Policy allows neither inline code nor `data:`;
 * every asset carries a hash in its name, so the gateway may let browsers keep it for ever. JSX is
 * transformed as tsconfig.json says, by Vite itself. While working on the page, `vite gateway/web`
 * serves it with changes applied live and passes API calls on to a running service.
 */
import { defineConfig } from 'vite'
import { guide } from './guide-plugin.ts'

const SERVICE_URL = 'http://127.0.0.1:3000'

export default defineConfig({
  plugins: [guide()],
  build: {
    assetsInlineLimit: 0,
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: { proxy: { '/api': SERVICE_URL } },
})
