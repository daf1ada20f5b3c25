import test from 'ava'
import type { Code, Epoch, NodeId } from '../cluster/ids.ts'
import { toEpochMs } from '../cluster/ids.ts'
import type { Link, Lookup } from '../cluster/link.ts'
import type { Found, LinkOwner, WriteResult } from '../cluster/protocol.ts'
import { Ring } from '../cluster/ring.ts'
import { Table } from '../cluster/table.ts'
import { Router } from './router.ts'

const now = toEpochMs(1)
const ring = new Ring(16)

class NamedOwner implements LinkOwner {
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  lookup(code: Code): Lookup {
    return { kind: 'redirect', url: `https://${this.#name}.example/${code}` }
  }

  async find(code: Code): Promise<Found> {
    return { lookup: this.lookup(code), source: 'owner' }
  }

  async read(): Promise<Link | undefined> {
    return undefined
  }

  async write(): Promise<WriteResult> {
    return { kind: 'redirect', url: `https://${this.#name}.example/` }
  }
}

const [here, there] = ['here', 'there'] as NodeId[]
const halves = new Table(
  ring.all().map((partition) => {
    return { owner: partition < 8 ? here! : there!, epoch: 1 as Epoch, target: null }
  }),
)
const codes = Array.from({ length: 100 }, (_, index) => `code${index}` as Code)
const isHere = (code: Code) => ring.partitionOf(code) < 8

test('each request reaches the owner of its partition', async (t) => {
  const owners = new Map([here!, there!].map((id) => [id, new NamedOwner(id)] as const))
  const router = new Router(ring, halves, owners)
  for (const code of codes) {
    const name = isHere(code) ? 'here' : 'there'
    t.like(router.lookup(code, now), { url: `https://${name}.example/${code}` })
    const visited = await router.write({ kind: 'visit', code })
    t.like(visited, { url: `https://${name}.example/` })
  }
})

test('a partition whose owner cannot be reached answers owner_unavailable', async (t) => {
  const router = new Router(ring, halves, new Map([[here!, new NamedOwner('here')]]))
  const code = codes.find((candidate) => !isHere(candidate))!
  t.throws(() => router.lookup(code, now), { code: 'owner_unavailable' })
  await t.throwsAsync(router.read(code), { code: 'owner_unavailable' })
})
