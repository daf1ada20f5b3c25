/**
 * Gets the programs that are missing: by a build with Go, Java or npm, from Python's packages, Debian's package, Docker.
 *
 * Used by `npm run services`, and by `npm run cluster` before it starts anything. What is there
 * already is left alone.
 */
import { buildDebianRoot } from './debian-root.ts'
import { buildWithGo, MANIFESTS, S3_SERVER, SERVERS } from './go-build.ts'
import { buildWithJava } from './java-build.ts'
import { buildWithPython } from './python-build.ts'
import { unpackPrometheus } from './prometheus-package.ts'
import { installRedis } from './redis-package.ts'
import { buildShlinkWeb } from './shlink-web-build.ts'
import { findProgram, type ProgramName } from './service-program.ts'

const BUILT_WITH_GO: ReadonlySet<ProgramName> = new Set(['nats', 'nats-cli', 'mongo'])

type Say = (name: ProgramName, line: string) => void

/** @returns for each that is still missing, why, in one line */
export async function supplyPrograms(
  names: readonly ProgramName[],
  say: Say,
): Promise<ReadonlyMap<ProgramName, string>> {
  const wanted = names.filter((name) => findProgram(name) === undefined)
  const built = wanted.filter((name) => BUILT_WITH_GO.has(name))
  const reasons = new Map<ProgramName, string | undefined>()
  if (built.length > 0) {
    const reason = await buildWithGo(SERVERS, (line) => say(built[0]!, line))
    for (const name of built) reasons.set(name, reason)
  }
  if (wanted.includes('redis')) {
    reasons.set('redis', await installRedis((line) => say('redis', line)))
  }
  if (wanted.includes('mongo-java')) {
    reasons.set('mongo-java', await buildWithJava((line) => say('mongo-java', line)))
  }
  if (wanted.includes('clickhouse')) {
    reasons.set('clickhouse', await buildWithPython((line) => say('clickhouse', line)))
  }
  if (wanted.includes('manifests')) {
    reasons.set('manifests', await buildWithGo(MANIFESTS, (line) => say('manifests', line)))
  }
  if (wanted.includes('s3')) {
    reasons.set('s3', await buildWithGo(S3_SERVER, (line) => say('s3', line)))
  }
  const ofPrometheus = wanted.filter((name) => name === 'prometheus' || name === 'promtool')
  if (ofPrometheus.length > 0) {
    const reason = await unpackPrometheus((line) => say(ofPrometheus[0]!, line))
    for (const name of ofPrometheus) reasons.set(name, reason)
  }
  if (wanted.includes('docker')) {
    reasons.set('docker', 'Docker is not installed (Debian: docker.io), or this user is not root')
  }
  if (wanted.includes('compose')) {
    reasons.set('compose', await buildDebianRoot((line) => say('compose', line)))
  }
  if (wanted.includes('shlink-web')) {
    reasons.set('shlink-web', await buildShlinkWeb((line) => say('shlink-web', line)))
  }
  const missing = wanted.filter((name) => findProgram(name) === undefined)
  return new Map(missing.map((name) => [name, reasons.get(name) ?? 'it does not run']))
}
