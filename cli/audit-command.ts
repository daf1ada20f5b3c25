/**
 * The audit command: who has changed what, the newest first, or as it happens.
 */
import type { ApiCommand, Call } from './api-command.ts'
import { textTable, type Cell } from './text-table.ts'

const PATH = '/api/audit'
const PAGE_MAX = 500
const LIMIT_DEFAULT = 50

interface Entry {
  readonly at: string
  readonly action: string
  readonly subject: string
  readonly by: { readonly kind: string; readonly id: string | null; readonly name: string | null }
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly address: string | null
}

interface Page {
  readonly entries: readonly Entry[]
  readonly nextCursor: string | null
}

/** Flags that the interface knows by the same name. */
const FILTERS = ['code', 'key-id', 'action', 'from', 'to'] as const

export const audit: ApiCommand = {
  name: 'audit',
  about: 'Tells who has changed links, keys, webhooks and blocked hosts, the newest first.',
  takes: '',
  positionals: [0, 0],
  options: {
    follow: { type: 'boolean', about: 'go on for ever with what comes from now on' },
    after: { type: 'string', value: 'ID', about: 'with --follow: begin behind this entry; 0: all' },
    code: { type: 'string', value: 'CODE', about: 'of this link, host, key or webhook' },
    'key-id': { type: 'string', value: 'ID', about: 'by this key' },
    action: { type: 'string', value: 'ACTION', about: 'only these: link.changed, key.made, ...' },
    from: { type: 'string', value: 'TIME', about: 'from then on, a time or a date' },
    to: { type: 'string', value: 'TIME', about: 'before then' },
    limit: { type: 'string', value: 'N', about: `as many (${LIMIT_DEFAULT})` },
  },
  examples: [
    'tinygrid audit --code spring',
    'tinygrid audit --from 2026-01-01 --action key.made --json',
    'tinygrid audit --follow --json >> audit.ndjson',
  ],
  async run(call) {
    const filters = FILTERS.flatMap((name) => {
      const value = call.text(name)
      return value === undefined ? [] : [[name === 'key-id' ? 'key' : name, value] as const]
    })
    await (call.is('follow') ? follow(call, filters) : list(call, filters))
  },
}

type Filters = readonly (readonly [name: string, value: string])[]

async function list(call: Call, filters: Filters): Promise<void> {
  const wanted = call.count('limit') ?? LIMIT_DEFAULT
  const entries: Entry[] = []
  let cursor: string | null = null
  do {
    const query = new URLSearchParams(filters.map(([name, value]) => [name, value]))
    query.set('limit', String(Math.min(PAGE_MAX, wanted - entries.length)))
    if (cursor !== null) query.set('cursor', cursor)
    const page: Page = await call.ask<Page>('GET', `${PATH}?${query.toString()}`)
    entries.push(...page.entries)
    cursor = page.nextCursor
  } while (cursor !== null && entries.length < wanted)
  if (call.isJson) for (const entry of entries) call.print(entry, () => '')
  else call.print(null, () => textTable(HEAD, entries.map(rowOf)))
}

async function follow(call: Call, filters: Filters): Promise<void> {
  const after = call.text('after')
  for await (const { name, data } of call.follow(`${PATH}/events`, filters, after)) {
    if (name === 'gap') process.stderr.write('The audit log no longer had what came next.\n')
    if (name !== 'audit') continue
    const entry = JSON.parse(data) as Entry
    call.print(entry, () =>
      textTable(HEAD, [rowOf(entry)])
        .split('\n')
        .slice(1)
        .join('\n'),
    )
  }
}

const HEAD = ['AT', 'WHO', 'ACTION', 'SUBJECT', 'CHANGED', 'FROM']

function rowOf({ at, by, action, subject, before, after, address }: Entry): Cell[] {
  return [at, by.name ?? by.kind, action, subject, changedFields(before, after), address]
}

/** Names of the fields that are different, of what was there before and still is. */
function changedFields(before: Entry['before'], after: Entry['after']): string {
  if (before === null || after === null) return ''
  const names = Object.keys(after).filter((name) => {
    return name !== 'updatedAt' && JSON.stringify(before[name]) !== JSON.stringify(after[name])
  })
  return names.join(',')
}
