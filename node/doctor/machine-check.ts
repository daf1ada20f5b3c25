/**
 * The doctor's look at the machine: the version of Node, open files, memory.
 */
import { readFileSync } from 'node:fs'
import type { Config } from '../../config.ts'
import { machineMemoryBytes } from '../../links/machine-memory.ts'
import { ok, warning, wrong, type Finding } from './finding.ts'

export interface MachineFacts {
  /** `v22.19.0`. */
  readonly nodeVersion: string
  /** As this process may have; Node has raised it as far as it may be. undefined: not known. */
  readonly openFilesMax: number | undefined
  /** Of the machine, or of the container. */
  readonly memoryBytes: number
  readonly isContainer: boolean
}

/** As package.json has it (`engines`). */
const NODE_VERSION_MIN = [22, 19] as const
/** Connections to servers, files of data, and some to spare. */
const OTHER_FILES = 200
/** With less, a few hundred visitors at once are too many. */
const OPEN_FILES_MIN = 512
/** What is left over is for connections, the heap and the system. */
const MEMORY_SHARE_MAX = 0.75
const MB = 2 ** 20

export function machineFacts(): MachineFacts {
  const constrained = process.constrainedMemory()
  const memoryBytes = machineMemoryBytes()
  return {
    nodeVersion: process.version,
    openFilesMax: openFilesMax(),
    memoryBytes,
    isContainer: constrained === memoryBytes,
  }
}

function openFilesMax(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1]
    return soft === 'unlimited' ? Infinity : soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}

export function examineMachine(facts: MachineFacts, config: Config | undefined): Finding[] {
  const findings = [examineNode(facts)]
  if (config !== undefined)
    findings.push(...examineFiles(facts, config), examineMemory(facts, config))
  return findings
}

function examineNode({ nodeVersion }: MachineFacts): Finding {
  const [major = 0, minor = 0] = nodeVersion.replace('v', '').split('.').map(Number)
  const [majorMin, minorMin] = NODE_VERSION_MIN
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return ok('Node', nodeVersion)
  const needed = NODE_VERSION_MIN.join('.')
  return wrong('Node', `${nodeVersion} is too old`, `install Node ${needed} or later`)
}

function examineFiles({ openFilesMax: max }: MachineFacts, { connectionsMax }: Config): Finding[] {
  if (max === undefined) return []
  const needed = connectionsMax + OTHER_FILES
  if (max >= needed) return [ok('open files', `${max} may be open, ${needed} are needed at most`)]
  const found = `${max} may be open, but ${connectionsMax} connections may come, and ${OTHER_FILES} others`
  const raise = `raise the limit (ulimit -n ${needed}, LimitNOFILE=${needed} in a unit of systemd)`
  // A bound that nobody has set is for the largest of machines.
  if (max < OPEN_FILES_MIN) return [wrong('open files', found, raise)]
  const lower = `set TINYGRID_CONNECTIONS_MAX to ${max - OTHER_FILES}`
  return [warning('open files', found, `${raise}, or ${lower}`)]
}

function examineMemory({ memoryBytes, isContainer }: MachineFacts, config: Config): Finding {
  const whose = isContainer ? "this container's limit" : 'this machine'
  const used = `${inMb(config.memoryBytesMax)} are for links (TINYGRID_MEMORY_MAX)`
  const found = `${used}, ${whose} has ${inMb(memoryBytes)}`
  const advice = `set TINYGRID_MEMORY_MAX to ${inMb(memoryBytes / 2)} or less`
  if (config.memoryBytesMax > memoryBytes) return wrong('memory', found, advice)
  if (config.memoryBytesMax > memoryBytes * MEMORY_SHARE_MAX) {
    return warning('memory', `${found}: little is left for connections and clicks`, advice)
  }
  return ok('memory', found)
}

/** As settings take it. */
function inMb(bytes: number): string {
  return `${Math.floor(bytes / MB)}MB`
}
