/**
 * Looks at an LMDB file from the outside, before LMDB maps it into memory.
 *
 * LMDB trusts its file: a page that is missing ends the process with a signal, and a page that is
 * not what it should be can do anything. So the start reads every page that the newest state of the
 * database reaches, and looks whether it is in the file, bears its own number, is of its kind and has
 * its keys in order, without which others are not found. In files above FULL_CHECK_BYTES_MAX the leaves are left out, which are all but one page in a
 * hundred. What is in the values is not looked at.
 *
 * The length of the file alone says nothing: LMDB does not write free pages at the end.
 * Layout: `liblmdb/mdb.c` of the driver, data version 2, little-endian. Synchronous: it runs before
 * anything is served, and a promise for each page would take ten times as long.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Files up to this size are checked whole. */
const FULL_CHECK_BYTES_MAX = 2 ** 30

const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const PAGE_BYTES_MIN = 256
const PAGE_BYTES_MAX = 65_536
const PAGE_HEADER_BYTES = 24
const META_BYTES = 168
const META_AT = {
  magic: 24,
  version: 28,
  pageSize: 48,
  freeTree: 48,
  mainTree: 96,
  transaction: 152,
}
const TREE_AT = { depth: 6, root: 40 }
const PAGE_AT = { flags: 18, lower: 20, upper: 22, pages: 20 }
const NODE_AT = { flags: 4, keySize: 6, key: 8 }
const PAGE_FLAGS = { branch: 1, leaf: 2, overflow: 4 }
const NODE_FLAGS = { big: 1, tree: 2 }
/** What a leaf holds of a value that has pages of its own. */
const BIG_VALUE_BYTES = 24
const NOTHING = Buffer.alloc(0)
const NO_PAGE = 2n ** 64n - 1n

/** What the keys of a page lie between, by the pages above it. */
interface Bounds {
  readonly low: Buffer
  /** Above all keys. */
  readonly high: Buffer | undefined
}

/** What is wrong with the file, to follow its name; undefined if nothing is. */
export function findDamage(path: string): string | undefined {
  try {
    const file = openSync(path, 'r')
    try {
      new FileCheck(file).run()
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (error instanceof Damage) return error.message
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'is missing'
    throw error
  }
  return undefined
}

/**
 * Transactions write the two heads in turn, even ones the first, so their numbers follow each other:
 * with a damaged number an older state could be taken for the newest.
 */
function newerOf(first: Buffer, second: Buffer): Buffer {
  const even = first.readBigUInt64LE(META_AT.transaction)
  const odd = second.readBigUInt64LE(META_AT.transaction)
  if (even === 0n && odd === 0n) return first // nothing was written yet
  const areTurns = even % 2n === 0n && (odd === even + 1n || odd === even - 1n)
  if (!areTurns) throw new Damage('has a damaged head')
  return even > odd ? first : second
}

class Damage extends Error {}

class FileCheck {
  readonly #file: number
  readonly #size: number
  #pageSize = 0

  constructor(file: number) {
    this.#file = file
    this.#size = fstatSync(file).size
  }

  run(): void {
    const meta = this.#newestMeta()
    this.#checkTree(meta.subarray(META_AT.freeTree), false)
    this.#checkTree(meta.subarray(META_AT.mainTree), true)
  }

  #newestMeta(): Buffer {
    const first = this.#readMeta(0)
    this.#pageSize = first.readUInt32LE(META_AT.pageSize)
    const isSane = this.#pageSize >= PAGE_BYTES_MIN && this.#pageSize <= PAGE_BYTES_MAX
    if (!isSane) throw new Damage('has a damaged head')
    const second = this.#readMeta(this.#pageSize)
    if (second.readUInt32LE(META_AT.pageSize) !== this.#pageSize) {
      throw new Damage('has a damaged head')
    }
    return newerOf(first, second)
  }

  #readMeta(position: number): Buffer {
    const meta = this.#read(position, META_BYTES)
    const isKnown = meta.readUInt32LE(META_AT.magic) === MAGIC
    if (!isKnown || (meta.readUInt32LE(META_AT.version) & 0xffff) !== DATA_VERSION) {
      throw new Damage('has a damaged head')
    }
    return meta
  }

  /** @param tree what the database notes of a tree; isOrdered: by the bytes of its keys */
  #checkTree(tree: Buffer, isOrdered: boolean): void {
    const root = tree.readBigUInt64LE(TREE_AT.root)
    const bounds = isOrdered ? { low: NOTHING, high: undefined } : undefined
    if (root !== NO_PAGE) this.#checkPage(root, tree.readUInt16LE(TREE_AT.depth), bounds)
  }

  /** @param level 1: a leaf; above: branches */
  #checkPage(number: bigint, level: number, bounds: Bounds | undefined): void {
    const isLeaf = level <= 1
    const kind = isLeaf ? PAGE_FLAGS.leaf : PAGE_FLAGS.branch
    const page = this.#readPage(number, this.#pageSize, kind)
    const nodes = this.#nodesOf(page, number, isLeaf)
    // The first key of a branch says nothing: whatever it is, all others lie above it.
    const keyed = isLeaf ? nodes : nodes.slice(1)
    if (bounds !== undefined && !areWithin(keyed, bounds)) throw this.#damaged(number)
    for (const [index, node] of nodes.entries()) {
      if (isLeaf) this.#checkLeafNode(node, number)
      else if (level > 2 || this.#size <= FULL_CHECK_BYTES_MAX) {
        const next = nodes[index + 1]
        const within = bounds && {
          low: index === 0 ? bounds.low : keyOf(node),
          high: next === undefined ? bounds.high : keyOf(next),
        }
        this.#checkPage(BigInt(node.readUIntLE(0, 6)), level - 1, within)
      }
    }
  }

  /** Nodes lie close together up to the end of their page. */
  #nodesOf(page: Buffer, number: bigint, isLeaf: boolean): Buffer[] {
    const nodes: Buffer[] = []
    const count = page.readUInt16LE(PAGE_AT.lower) >> 1
    let used = 0
    for (let index = 0; index < count && used < page.length; index++) {
      const slot = PAGE_HEADER_BYTES + 2 * index
      const at = slot + 2 > page.length ? page.length : page.readUInt16LE(slot)
      if (at + PAGE_HEADER_BYTES + NODE_AT.key > page.length) throw this.#damaged(number)
      const node = page.subarray(at + PAGE_HEADER_BYTES)
      const bytes = nodeBytes(node, isLeaf)
      if (bytes > node.length) throw this.#damaged(number)
      used += bytes
      nodes.push(node)
    }
    const expected = page.length - PAGE_HEADER_BYTES - page.readUInt16LE(PAGE_AT.upper)
    if (count > 0 && used !== expected) throw this.#damaged(number)
    return nodes
  }

  #checkLeafNode(node: Buffer, number: bigint): void {
    const flags = node.readUInt16LE(NODE_AT.flags)
    if (flags === 0) return
    const data = node.subarray(keyEndOf(node))
    if (flags !== NODE_FLAGS.big && flags !== NODE_FLAGS.tree) throw this.#damaged(number)
    if (data.length < TREE_AT.root + 8 && flags & NODE_FLAGS.tree) throw this.#damaged(number)
    if (data.length < 8) throw this.#damaged(number)
    if (flags & NODE_FLAGS.tree) this.#checkTree(data, true)
    else this.#checkOverflow(data.readBigUInt64LE(0))
  }

  #checkOverflow(number: bigint): void {
    const head = this.#readPage(number, PAGE_HEADER_BYTES, PAGE_FLAGS.overflow)
    const end = (Number(number) + head.readUInt32LE(PAGE_AT.pages)) * this.#pageSize
    if (end > this.#size) throw new Damage('is cut short')
  }

  #readPage(number: bigint, length: number, kind: number): Buffer {
    const page = this.#read(Number(number) * this.#pageSize, length)
    const isItself = page.readBigUInt64LE(0) === number
    if (!isItself || (page.readUInt16LE(PAGE_AT.flags) & kind) === 0) throw this.#damaged(number)
    return page
  }

  #read(position: number, length: number): Buffer {
    if (position + length > this.#size) throw new Damage('is cut short')
    const bytes = Buffer.allocUnsafe(length)
    readSync(this.#file, bytes, 0, length, position)
    return bytes
  }

  #damaged(number: bigint): Damage {
    return new Damage(`is damaged at byte ${Number(number) * this.#pageSize}`)
  }
}

function keyOf(node: Buffer): Buffer {
  return node.subarray(NODE_AT.key, keyEndOf(node))
}

/** Whether the keys of nodes rise, from `low` on and below `high`. Without a copy of each: there are many. */
function areWithin(nodes: readonly Buffer[], { low, high }: Bounds): boolean {
  const first = nodes[0]
  if (first === undefined) return true
  if (keyOf(first).compare(low) < 0) return false
  let before = first
  let beforeEnd = keyEndOf(first)
  for (let index = 1; index < nodes.length; index++) {
    const node = nodes[index]!
    const end = keyEndOf(node)
    if (node.compare(before, NODE_AT.key, beforeEnd, NODE_AT.key, end) <= 0) return false
    before = node
    beforeEnd = end
  }
  return high === undefined || keyOf(before).compare(high) < 0
}

function keyEndOf(node: Buffer): number {
  return NODE_AT.key + node.readUInt16LE(NODE_AT.keySize)
}

/** What a node takes of its page. */
function nodeBytes(node: Buffer, isLeaf: boolean): number {
  const flags = node.readUInt16LE(NODE_AT.flags)
  const inline = (flags & NODE_FLAGS.big) === 0 ? node.readUInt32LE(0) : BIG_VALUE_BYTES
  const size = NODE_AT.key + node.readUInt16LE(NODE_AT.keySize) + (isLeaf ? inline : 0)
  return size + (size % 2)
}
