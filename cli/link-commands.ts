/**
 * The commands for links: shorten, list, show, edit, delete.
 *
 * What a link takes is the server's to say: values go to it as they are, and its refusal is shown.
 */
import { CommandError } from './command-error.ts'
import type { ApiCommand, Call, CommandOption } from './api-command.ts'
import { linkPath } from './link-path.ts'
import { textList, textTable, type Cell } from './text-table.ts'

interface Link {
  readonly code: string
  readonly domain?: string
  readonly shortUrl: string
  readonly url: string
  readonly title?: string | null
  readonly tags?: readonly string[]
  readonly visits?: number | null
  readonly createdAt?: string
}

/** Links that one request may ask for. */
const PAGE_MAX = 100
const LIST_DEFAULT = 50

const SETTABLE: Readonly<Record<string, CommandOption>> = {
  title: { type: 'string', value: 'TEXT', about: 'a title' },
  tag: { type: 'string', multiple: true, value: 'TAG', about: 'a tag; may be given several times' },
  'expires-at': { type: 'string', value: 'TIME', about: 'the end: 2030-01-31T12:00:00Z' },
  'valid-from': { type: 'string', value: 'TIME', about: 'the begin' },
  'max-visits': { type: 'string', value: 'N', about: 'visits after which it ends' },
}

/** Of a link as the interface takes it; an empty text takes a setting away. */
function settingsOf(call: Call): Record<string, unknown> {
  const orNone = (name: string) => (call.text(name) === '' ? null : call.text(name))
  const tags = call.texts('tag')?.filter((tag) => tag !== '')
  const visits = call.text('max-visits') === '' ? null : call.count('max-visits')
  const given = {
    title: orNone('title'),
    tags,
    expiresAt: orNone('expires-at'),
    validFrom: orNone('valid-from'),
    maxVisits: visits,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

const DOMAIN: Readonly<Record<string, CommandOption>> = {
  domain: { type: 'string', value: 'NAME', about: 'the domain it is on; the default one' },
}

const pathOf = (call: Call) => linkPath(call.positionals[0]!, call.text('domain'))

function sheetOf(link: Link): string {
  const entries = Object.entries(link).map(([name, value]): [string, Cell] => {
    if (Array.isArray(value)) return [name, value.length === 0 ? null : listed(value)]
    const isPlain = value === null || typeof value !== 'object'
    return [name, isPlain ? (value as Cell) : JSON.stringify(value)]
  })
  return textList(entries)
}

function listed(values: readonly unknown[]): string {
  return values
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .join(', ')
}

const shorten: ApiCommand = {
  name: 'shorten',
  about: 'Makes a short link of each URL, and prints it. The same URL gets the same link again.',
  takes: 'URL...',
  positionals: [1, 1_000],
  options: {
    code: { type: 'string', value: 'CODE', about: 'the code it should get' },
    ...DOMAIN,
    new: { type: 'boolean', about: 'a new link, also where there is one' },
    ...SETTABLE,
  },
  examples: [
    'tinygrid shorten https://example.org/a/long/address',
    'tinygrid shorten https://example.org --code spring --tag sale --expires-at 2030-06-01T00:00:00Z',
  ],
  async run(call) {
    const code = call.text('code')
    if (code !== undefined && call.positionals.length > 1) {
      throw new CommandError('--code goes with one URL')
    }
    const domain = call.text('domain')
    const more = {
      ...settingsOf(call),
      ...(code === undefined ? {} : { code }),
      ...(domain === undefined ? {} : { domain }),
      ...(call.is('new') ? { reuse: false } : {}),
    }
    for (const url of call.positionals) {
      const link = await call.ask<Link>('POST', '/api/links', { url, ...more })
      call.print(link, () => `${link.shortUrl}\n`)
    }
  },
}

const list: ApiCommand = {
  name: 'list',
  about: 'Lists links, the newest first. With --json a line for each.',
  takes: '',
  positionals: [0, 0],
  options: {
    search: { type: 'string', value: 'TEXT', about: 'in code, URL and title; or a short URL' },
    tag: { type: 'string', value: 'TAG', about: 'only with this tag' },
    domain: { type: 'string', value: 'NAME', about: 'only on this domain, or `default`' },
    state: { type: 'string', value: 'STATE', about: 'only in this state' },
    sort: { type: 'string', value: 'ORDER', about: 'by time or by visits' },
    limit: { type: 'string', value: 'N', about: `at most so many (${LIST_DEFAULT})` },
    all: { type: 'boolean', about: 'all of them' },
  },
  examples: [
    'tinygrid list --tag sale',
    "tinygrid list --all --json | jq -r '.shortUrl'",
    'tinygrid list --sort visits --limit 10',
  ],
  async run(call) {
    const wanted = call.is('all') ? Infinity : (call.count('limit') ?? LIST_DEFAULT)
    const rows: Link[] = []
    for await (const link of links(call, wanted)) {
      if (call.isJson) call.print(link, () => '')
      else rows.push(link)
    }
    if (call.isJson) return
    const head = ['CODE', 'VISITS', 'CREATED', 'URL', 'TITLE']
    const cells = rows.map((link) => [
      nameOf(link),
      link.visits,
      link.createdAt,
      link.url,
      link.title,
    ])
    process.stdout.write(textTable(head, cells))
  },
}

function nameOf({ code, domain }: Link): string {
  return domain === undefined ? code : `${domain}/${code}`
}

async function* links(call: Call, wanted: number): AsyncGenerator<Link> {
  let left = wanted
  let cursor: string | null = null
  do {
    const query = new URLSearchParams({ limit: String(Math.min(left, PAGE_MAX)) })
    for (const name of ['search', 'tag', 'domain', 'state', 'sort']) {
      const value = call.text(name)
      if (value !== undefined) query.set(name, value)
    }
    if (cursor !== null) query.set('cursor', cursor)
    const path = `/api/links?${query.toString()}`
    const page: { links: Link[]; nextCursor: string | null } = await call.ask('GET', path)
    yield* page.links.slice(0, left)
    left -= page.links.length
    cursor = page.nextCursor
  } while (cursor !== null && left > 0)
}

const show: ApiCommand = {
  name: 'show',
  about: 'Shows all there is to a link.',
  takes: 'CODE',
  positionals: [1, 1],
  options: DOMAIN,
  examples: ['tinygrid show spring', "tinygrid show spring --json | jq '.expiresAt'"],
  async run(call) {
    const link = await call.ask<Link>('GET', pathOf(call))
    call.print(link, () => sheetOf(link))
  },
}

const edit: ApiCommand = {
  name: 'edit',
  about: "Changes a link: what is given, and nothing else. '' takes a setting away.",
  takes: 'CODE',
  positionals: [1, 1],
  options: {
    to: { type: 'string', value: 'URL', about: 'where it leads' },
    ...SETTABLE,
    ...DOMAIN,
  },
  examples: [
    'tinygrid edit spring --to https://example.org/summer',
    "tinygrid edit spring --expires-at '' --tag sale --tag summer",
  ],
  async run(call) {
    const to = call.text('to')
    const changes = { ...settingsOf(call), ...(to === undefined ? {} : { url: to }) }
    if (Object.keys(changes).length === 0) {
      throw new CommandError('Say what is to be changed (--help tells more)')
    }
    const link = await call.ask<Link>('PATCH', pathOf(call), changes)
    call.print(link, () => sheetOf(link))
  },
}

const remove: ApiCommand = {
  name: 'delete',
  about: 'Deletes links. Their codes stay taken and they can be restored, unless they are purged.',
  takes: 'CODE...',
  positionals: [1, 1_000],
  options: { purge: { type: 'boolean', about: 'for good: the code is free again' }, ...DOMAIN },
  examples: ['tinygrid delete spring', 'tinygrid delete old-1 old-2 --purge'],
  async run(call) {
    const query = call.is('purge') ? { purge: 'true' } : {}
    for (const code of call.positionals) {
      await call.ask('DELETE', linkPath(code, call.text('domain'), { query }))
      const deleted = { code, isPurged: call.is('purge') }
      call.print(deleted, () => textList([[call.is('purge') ? 'purged' : 'deleted', code]]))
    }
  },
}

export const LINK_COMMANDS: readonly ApiCommand[] = [shorten, list, show, edit, remove]
