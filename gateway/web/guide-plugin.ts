/**
 * A plugin of Vite that makes pages of `docs/`, in the frame of the server's own pages, with no script.
 *
 * Made when the web page is built, so that a running server needs no Markdown. Links between documents lead
 * to their pages; a link out of the folder names a file of the repository, which no server has, and becomes
 * plain text. What is written there is ours, so that it is not cleaned.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Marked, type Tokens } from 'marked'
import type { Plugin } from 'vite'
import { Html, html, page } from '../pages/page.ts'

const DOCUMENTS = path.resolve(import.meta.dirname, '../../docs')
const MARKDOWN = /\.md$/
/** Lies where those who report something look for it. */
const SECURITY = 'SECURITY.md'

const marked = new Marked({
  renderer: {
    heading({ tokens, depth, text }: Tokens.Heading) {
      return `<h${depth} id="${slugOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`
    },
    link({ href, tokens }: Tokens.Link) {
      const text = this.parser.parseInline(tokens)
      const target = targetOf(href)
      return target === undefined ? text : html`<a href="${target}">${new Html(text)}</a>`.text
    },
  },
})

export function guide(): Plugin {
  return {
    name: 'guide',
    apply: 'build',
    generateBundle() {
      const security = readFileSync(path.join(DOCUMENTS, '..', SECURITY), 'utf8')
      this.emitFile({ type: 'asset', fileName: 'docs/security.html', source: pageOf(security) })
      for (const name of readdirSync(DOCUMENTS)) {
        const text = readFileSync(path.join(DOCUMENTS, name), 'utf8')
        const isPage = MARKDOWN.test(name)
        this.emitFile({
          type: 'asset',
          fileName: isPage ? `docs/${pageName(name)}.html` : `docs/${name}`,
          source: isPage ? pageOf(text) : text,
        })
      }
    },
  }
}

function pageOf(text: string): string {
  const content = new Html(marked.parse(text, { async: false }))
  return page({
    title: /^# (.+)$/m.exec(text)?.[1] ?? 'Documentation',
    content: html`<article class="guide">
      <nav><a href="/docs/">Documentation</a> · <a href="/docs/api/">HTTP interface</a></nav>
      ${content}
    </article>`,
  })
}

function pageName(file: string): string {
  return file === 'README.md' ? 'index' : file.replace(MARKDOWN, '')
}

/** Of a link in a document; undefined if it leads out of the folder. */
function targetOf(href: string): string | undefined {
  if (/^(?:https?:|#)/.test(href)) return href
  if (href === `../${SECURITY}`) return '/docs/security'
  if (href.startsWith('..')) return undefined
  const [file = '', fragment] = href.split('#')
  const name = file === 'README.md' ? '' : file.replace(MARKDOWN, '')
  return `/docs/${name}${fragment === undefined ? '' : `#${fragment}`}`
}

function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-')
}
