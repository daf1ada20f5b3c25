/**
 * Where the page starts: the theme before the first paint, then everything else.
 */
import { render } from 'preact'
import { App } from './app.tsx'
import { applyKeptTheme } from './theme.ts'

applyKeptTheme()
const page = document.getElementById('page')
if (page !== null) render(<App />, page)
