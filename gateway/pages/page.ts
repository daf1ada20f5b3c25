/**
 * The frame of the pages that the server writes itself: the same look as the web page, no script.
 *
 * Used for what a visitor sees when a short link leads nowhere, and for previews. The style sheet
 * is a file of its own (`site-files.ts`), because the content security policy forbids inline style.
 */
import { html, type Html } from './html.ts'

export const STYLESHEET_PATH = '/pages.css'

export const HTML_TYPE = 'text/html; charset=utf-8'

export interface PageParts {
  readonly title: string
  readonly content: Html
}

export function page({ title, content }: PageParts): string {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex, nofollow" />
        <title>${title}</title>
        <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
        <link rel="stylesheet" href="${STYLESHEET_PATH}" />
      </head>
      <body>
        <main>${content}</main>
        <footer><a href="/">Tinygrid</a></footer>
      </body>
    </html> `
  return document.text
}
