/**
 * The commands that look at a server as a whole: stats, tags, nodes.
 */
import type { ApiCommand, Call } from './api-command.ts'
import { DRAIN_COMMAND } from './drain-command.ts'
import { CommandError } from './command-error.ts'
import { linkPath } from './link-path.ts'
import { textList, textTable, type Cell } from './text-table.ts'

type Row = Readonly<Record<string, Cell>>

interface Stats {
  readonly from: string
  readonly to: string
  readonly totals: Row
  readonly series: readonly Row[]
  readonly groups: readonly Row[]
}

interface ClusterNode {
  readonly id: string
  readonly url: string | null
  readonly state: string
  readonly roles: readonly string[]
  readonly isAlive: boolean
  readonly isController: boolean
  readonly partitionsOwned: number
  readonly numbers: { readonly version: string; readonly linksInMemory: number } | null
}

/** Flags of stats, and what the interface calls them. */
const SELECTION = {
  from: 'from',
  to: 'to',
  timezone: 'timezone',
  interval: 'interval',
  'group-by': 'groupBy',
  bots: 'bots',
  limit: 'limit',
} as const

const stats: ApiCommand = {
  name: 'stats',
  about: 'Counts clicks: of all links, or of one.',
  takes: '[CODE]',
  positionals: [0, 1],
  options: {
    from: { type: 'string', value: 'TIME', about: 'from then on, a time or a date' },
    to: { type: 'string', value: 'TIME', about: 'before then' },
    timezone: { type: 'string', value: 'ZONE', about: 'of dates and intervals: Europe/Berlin' },
    interval: { type: 'string', value: 'SPAN', about: 'a row for each hour, day, week or month' },
    'group-by': { type: 'string', value: 'FIELDS', about: 'a row for each: country,browser' },
    filter: {
      type: 'string',
      multiple: true,
      value: 'FIELD:VALUES',
      about: 'only these: country:DE,AT; may be given several times',
    },
    domain: { type: 'string', value: 'NAME', about: 'the domain CODE is on; the default one' },
    bots: { type: 'string', value: 'CHOICE', about: 'include (the default), exclude, only' },
    limit: { type: 'string', value: 'N', about: 'groups that are told' },
  },
  examples: [
    'tinygrid stats spring --interval day --bots exclude',
    'tinygrid stats --group-by country --limit 10 --from 2026-01-01',
  ],
  async run(call) {
    const [code] = call.positionals
    const domain = call.text('domain')
    if (code === undefined && domain !== undefined) {
      throw new CommandError(
        '--domain goes with a code; for all of its links: --filter domain:NAME',
      )
    }
    const query = selectionOf(call)
    const path = code === undefined ? '/api/stats' : linkPath(code, undefined, { below: '/stats' })
    if (domain !== undefined) query.set('domain', domain)
    const answer = await call.ask<Stats>('GET', `${path}?${query.toString()}`)
    call.print(answer, () => {
      const head = textList([['from', answer.from], ['to', answer.to], ...entriesOf(answer.totals)])
      const tables = [answer.series, answer.groups].filter((rows) => rows.length > 0)
      return [head, ...tables.map(tableOf)].join('\n')
    })
  },
}

function selectionOf(call: Call): URLSearchParams {
  const query = new URLSearchParams()
  for (const [option, name] of Object.entries(SELECTION)) {
    const value = call.text(option)
    if (value !== undefined) query.set(name, value)
  }
  for (const filter of call.texts('filter') ?? []) query.append('filter', filter)
  return query
}

function entriesOf(row: Row): (readonly [string, Cell])[] {
  return Object.entries(row).filter(([, value]) => value !== undefined)
}

function tableOf(rows: readonly Row[]): string {
  const names = Object.keys(rows[0]!)
  return textTable(
    names.map((name) => name.toUpperCase()),
    rows.map((row) => names.map((name) => row[name])),
  )
}

const tags: ApiCommand = {
  name: 'tags',
  about: 'Lists tags with the number of links that have them, the most used first.',
  takes: '',
  positionals: [0, 0],
  options: {},
  examples: ['tinygrid tags', "tinygrid tags --json | jq -r '.tags[].tag'"],
  async run(call) {
    const answer = await call.ask<{ tags: { tag: string; links: number }[] }>('GET', '/api/tags')
    const rows = answer.tags.map(({ tag, links }) => [links, tag])
    call.print(answer, () => textTable(['LINKS', 'TAG'], rows))
  },
}

const nodes: ApiCommand = {
  name: 'nodes',
  about: 'Lists the nodes of a cluster as the server sees them.',
  takes: '',
  positionals: [0, 0],
  options: {},
  examples: ['tinygrid nodes', "tinygrid nodes --json | jq '.nodes[] | select(.isAlive | not)'"],
  async run(call) {
    const answer = await call.ask<{ nodes: readonly ClusterNode[] }>('GET', '/api/cluster')
    const head = ['NODE', 'STATE', 'ALIVE', 'CONTROLLER', 'PARTITIONS', 'LINKS', 'VERSION', 'URL']
    const rows = answer.nodes.map((node) => [
      node.id,
      node.state,
      node.isAlive,
      node.isController,
      node.partitionsOwned,
      node.numbers?.linksInMemory,
      node.numbers?.version,
      node.url,
    ])
    call.print(answer, () => textTable(head, rows))
  },
}

export const VIEW_COMMANDS: readonly ApiCommand[] = [stats, tags, nodes, DRAIN_COMMAND]
