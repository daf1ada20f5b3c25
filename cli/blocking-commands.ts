/**
 * The commands of the list of blocked hosts: block, blocked.
 */
import type { ApiCommand } from './api-command.ts'
import { textList, textTable } from './text-table.ts'

const PATH = '/api/blocked-hosts'

interface Listed {
  readonly hosts: readonly { host: string; note: string | null; since: string }[]
  readonly hostsInFile: number
}

interface Verdict {
  readonly host: string
  readonly isBlocked: boolean
  readonly by: string | null
  readonly source: string | null
}

const block: ApiCommand = {
  name: 'block',
  about: 'Blocks hosts: no link may lead there any more, and none that does is followed.',
  takes: 'HOST...',
  positionals: [1, 100],
  options: {
    note: { type: 'string', value: 'TEXT', about: 'why' },
    remove: { type: 'boolean', about: 'take the hosts off the list again' },
  },
  examples: [
    'tinygrid block bad.example "*.bad.example" --note "phishing, reported 3 May"',
    'tinygrid block bad.example --remove',
  ],
  async run(call) {
    for (const host of call.positionals) {
      const path = `${PATH}/${encodeURIComponent(host)}`
      if (call.is('remove')) {
        await call.ask('DELETE', path)
        call.print({ host, isRemoved: true }, () => `unblocked  ${host}\n`)
        continue
      }
      const note = call.text('note')
      const made = await call.ask<{ host: string }>('PUT', path, note === undefined ? {} : { note })
      call.print(made, () => `blocked  ${made.host}\n`)
    }
  },
}

const blocked: ApiCommand = {
  name: 'blocked',
  about: 'Lists the hosts that are blocked by the interface, or tells whether one is blocked.',
  takes: '[HOST]',
  positionals: [0, 1],
  options: {},
  examples: ['tinygrid blocked', 'tinygrid blocked www.bad.example'],
  async run(call) {
    const [host] = call.positionals
    if (host !== undefined) {
      const path = `${PATH}/${encodeURIComponent(host)}`
      const verdict = await call.ask<Verdict>('GET', path)
      const { isBlocked, by, source } = verdict
      return call.print(verdict, () => textList(Object.entries({ blocked: isBlocked, by, source })))
    }
    const answer = await call.ask<Listed>('GET', PATH)
    const rows = answer.hosts.map((one) => [one.host, one.since, one.note])
    call.print(answer, () => {
      const more = answer.hostsInFile === 0 ? '' : `and ${answer.hostsInFile} in the file\n`
      return textTable(['HOST', 'SINCE', 'NOTE'], rows) + more
    })
  },
}

export const BLOCKING_COMMANDS: readonly ApiCommand[] = [block, blocked]
