/**
 * What is shipped for Prometheus and Grafana, as its tests read it: the dashboards and what each panel asks.
 *
 * The rules are not read here: Prometheus tells them.
 */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { findProgram } from './services/service-program.ts'

const OBSERVE = path.resolve(import.meta.dirname, '../deploy/observe')
export const PROMETHEUS = path.join(OBSERVE, 'prometheus')
const DASHBOARDS = path.join(OBSERVE, 'grafana/dashboards')

/** What Prometheus' own tool has to say of metrics, by its rules for names and descriptions. */
export async function complaintsAbout(metrics: string): Promise<readonly string[]> {
  const promtool = findProgram('promtool')!
  const checking = spawn(promtool.path, ['check', 'metrics'], { stdio: ['pipe', 'ignore', 'pipe'] })
  checking.stdin.end(metrics)
  const lines = (await text(checking.stderr)).split('\n')
  return lines.filter((line) => line.trim() !== '')
}

export interface Dashboard {
  readonly uid: string
  readonly tags: readonly string[]
  readonly templating: { readonly list: readonly { readonly name: string }[] }
  readonly panels: readonly Panel[]
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly targets?: readonly { readonly expr: string }[]
}

export function readDashboards(): readonly Dashboard[] {
  const files = readdirSync(DASHBOARDS)
  return files.map((file) => JSON.parse(readFileSync(path.join(DASHBOARDS, file), 'utf8')))
}

/**
 * What a panel or a rule asks, for all nodes, over a time in which a test is sure to end. Without what the
 * value is compared with at the end: that is there to leave out what is well.
 */
export function asked(expr: string): string {
  return expr
    .replaceAll('$instance', '.*')
    .replaceAll(/\[(\$__rate_interval|\$__range|\d+[sm])\]/g, '[10m]')
    .replace(/ (>|==) [\d.]+$/, '')
}

/** The metrics that an expression names. */
export function metricsIn(expr: string): readonly string[] {
  return expr.match(/\b(tinygrid|nodejs|process)_\w+/g) ?? []
}
