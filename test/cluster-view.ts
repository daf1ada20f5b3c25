/**
 * What a cluster says of itself in NATS: its table and its controller, as an operator would read
 * them with `nats kv get`.
 */
import { ClusterSettings } from '../cluster/nats/cluster-settings.ts'
import { connectPatiently } from '../cluster/testing/patient-connection.ts'
import { namesOf } from '../cluster/nats/namespace.ts'
import type { CodeCase } from '../links/code-case.ts'
import type { NodeId } from '../links/ids.ts'
import { NatsKeyValue } from '../cluster/nats/nats-key-value.ts'
import type { Table, TableData } from '../cluster/table/table.ts'
import { parseTable } from '../cluster/table/table-text.ts'

export class ClusterView {
  readonly #keyValue: NatsKeyValue
  readonly #close: () => Promise<void>

  private constructor(keyValue: NatsKeyValue, close: () => Promise<void>) {
    this.#keyValue = keyValue
    this.#close = close
  }

  static async open(url: string, namespace = 'tinygrid', replicas = 1): Promise<ClusterView> {
    const connection = await connectPatiently({ url, name: 'scenario', ...namesOf(namespace) })
    const keyValue = await NatsKeyValue.open({ connection, namespace, replicas })
    return new ClusterView(keyValue, async () => {
      await keyValue.close()
      await connection.close()
    })
  }

  /** undefined: there is none yet, or NATS does not answer. */
  async table(): Promise<Table | undefined> {
    const text = await this.#read('table')
    if (text === undefined) return undefined
    return parseTable(text, (JSON.parse(text) as TableData).rows.length)
  }

  /** undefined: nobody, or NATS does not answer. */
  async controller(): Promise<NodeId | undefined> {
    const text = await this.#read('controller')
    return text === undefined ? undefined : (JSON.parse(text) as { nodeId: NodeId }).nodeId
  }

  /** As a node of the cluster reads them. */
  async settings(partitions: number): Promise<ClusterSettings> {
    const { logStreams = 1, codeCase = 'sensitive' } = JSON.parse(
      (await this.#read('settings'))!,
    ) as { logStreams?: number; codeCase?: CodeCase }
    const keyValue = this.#keyValue
    const asked = { partitions, logStreams, codeCase }
    return ClusterSettings.open({ keyValue, ...asked, logStream: undefined })
  }

  /** For a person who looks into a failure: who owns how many partitions, who controls. */
  async summary(): Promise<string> {
    const rows = (await this.table())?.rows ?? []
    const counts = new Map<string, number>()
    for (const { owner, target } of rows) {
      const what = target === null ? `${owner}` : `${owner} to ${target}`
      counts.set(what, (counts.get(what) ?? 0) + 1)
    }
    const owned = Array.from(counts, ([what, count]) => `${what}: ${count}`).join(', ')
    return `partitions of ${owned}; controller ${(await this.controller()) ?? 'none'}`
  }

  close(): Promise<void> {
    return this.#close()
  }

  async #read(key: string): Promise<string | undefined> {
    try {
      return (await this.#keyValue.get(key))?.value
    } catch {
      return undefined
    }
  }
}
