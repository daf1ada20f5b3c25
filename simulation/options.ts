/** What `npm run simulate` takes on its command line, and its help. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { SETTINGS, type Setting, type SettingName } from './settings.ts'

export interface SimulateOptions {
  /** Runs this one and tells its story; undefined: many, of which failures are told. */
  readonly seed: number | undefined
  readonly from: number
  readonly seeds: number
  readonly workers: number
  readonly setting: SettingName
  /** One of the setting's. */
  readonly fault: string | undefined
}

/** What is wrong with the command line, in a sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export function simulateHelp(): string {
  return `Usage: npm run simulate [-- OPTIONS]

Runs the real code under random schedules of failures, in virtual time, and checks what must hold.

Options
  --seeds N        how many schedules (1000)
  --from N         the first seed (1)
  --workers N      threads (one per processor)
  --seed N         run this one and tell everything that happens
  --setting NAME   what runs (${defaultSetting()})
  --fault NAME     plant a fault, to see it caught
  --help           this

Settings
${listOf(SETTINGS)}

Faults of links
${listOf(SETTINGS.cluster.faults)}

Faults of clicks
${listOf(SETTINGS.clicks.faults)}

Exit code: 0 nothing failed, 1 a seed failed (it is printed), 2 wrong command line.
`
}

function listOf(items: Readonly<Record<string, { readonly what: string }>>): string {
  return Object.entries(items)
    .map(([name, { what }]) => `  ${name.padEnd(30)}${what}`)
    .join('\n')
}

/** undefined: help is wanted. @throws UsageError */
export function parseSimulateOptions(args: readonly string[]): SimulateOptions | undefined {
  const values = parse(args)
  if (values.help === true) return undefined
  const setting = nameIn(SETTINGS, 'setting', values.setting)
  const { faults }: Setting = SETTINGS[setting]
  return {
    seed: values.seed === undefined ? undefined : whole('seed', values.seed),
    from: whole('from', values.from),
    seeds: whole('seeds', values.seeds),
    workers: whole('workers', values.workers),
    setting,
    fault: values.fault === undefined ? undefined : nameIn(faults, 'fault', values.fault),
  }
}

function parse(args: readonly string[]) {
  try {
    const options = {
      seed: { type: 'string' },
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      workers: { type: 'string', default: String(availableParallelism()) },
      setting: { type: 'string', default: defaultSetting() },
      fault: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    } as const
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function defaultSetting(): string {
  return Object.keys(SETTINGS).at(-1)!
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new UsageError(`--${name} takes a whole number above 0, not ${text}`)
}

function nameIn<T extends object>(items: T, option: string, name: string): keyof T {
  if (Object.hasOwn(items, name)) return name as keyof T
  throw new UsageError(`--${option} takes one of ${Object.keys(items).join(', ')}, not ${name}`)
}
