/**
 * The doctor: looks at everything that a server needs, and says what is wrong and what to do.
 *
 * Used by `tinygrid doctor`. Starts nothing and changes nothing that stays: it writes and removes an empty directory,
 * a document and a key. What it asks the machine and the servers by comes in, so that tests can break each thing.
 */
import type { DiskRoom } from '../../persistence/data-directory/disk-room.ts'
import type { Env } from '../given-settings.ts'
import { examineDirectory } from './directory-check.ts'
import type { Finding } from './finding.ts'
import { examineMachine, machineFacts, type MachineFacts } from './machine-check.ts'
import { examinePort } from './port-check.ts'
import { examineProvider } from './provider-check.ts'
import { EXAMINATIONS, examineServers, type Examinations } from './servers-check.ts'
import { examineSettings, type DoctorOptions } from './settings-check.ts'
import { examineTls } from './tls-check.ts'

export interface DoctorSeams {
  readonly machine: MachineFacts
  readonly servers: Examinations
  readonly roomOf?: (directory: string) => DiskRoom
}

export async function examineAll(
  options: DoctorOptions,
  env: Env,
  seams: DoctorSeams = { machine: machineFacts(), servers: EXAMINATIONS },
): Promise<readonly Finding[]> {
  const { config, findings } = examineSettings(options, env)
  const machine = examineMachine(seams.machine, config)
  if (config === undefined) return [...findings, ...machine]
  const { roomOf } = seams
  const servers = examineServers(config, seams.servers)
  const provider = examineProvider(config)
  const hasGateway = config.roles.includes('gateway')
  const port = hasGateway ? await examinePort(config) : undefined
  const isRunning = port?.isRunning ?? false
  const directory = await examineDirectory(config, {
    isRunning,
    ...(roomOf === undefined ? {} : { roomOf }),
  })
  const ports = port === undefined ? [] : [port.finding, ...examineTls(config, Date.now())]
  const asked = [...(await servers), ...(await provider)]
  return [...findings, ...machine, ...ports, ...directory, ...asked]
}
