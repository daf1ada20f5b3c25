/**
 * Images in the place of those that a registry would give, under the very names that `Dockerfile` and
 * `docker-compose.yml` ask for.
 *
 * Used by the tests of containers. They are made of Debian's packages and of the servers that tests run on
 * (`images.Dockerfile`), and are called by the same commands; so what runs is `docker-compose.yml` as it
 * is. Made once, and again when anything in them has changed. There are none of MongoDB Express,
 * Grafana and ClickHouse: what the project says of those is not run.
 */
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { rootArchive } from '../services/debian-root.ts'
import { findProgram } from '../services/service-program.ts'
import type { DockerEngine } from './docker-engine.ts'
import { npm } from './npm-command.ts'

const HERE = import.meta.dirname
const REPOSITORY = path.resolve(HERE, '../..')
const OWN_FILES = ['images.Dockerfile', 'mongod', 'mongosh']
const KEY_LABEL = 'tinygrid.stand-in'
/** The stage of `images.Dockerfile` that stands in for the image of a service. */
const STAGES = {
  proxy: 'haproxy',
  'nats-1': 'nats',
  redis: 'redis',
  mongo: 'mongo',
  prometheus: 'prometheus',
}
/** Servers that are one file, and what it is called in the images. */
const SERVERS = { 'nats-server': 'nats', ferretdb: 'mongo', prometheus: 'prometheus' } as const

export async function makeStandInImages(engine: DockerEngine): Promise<void> {
  const key = keyOfAll()
  const images = await wantedImages(engine)
  const made = await Promise.all(images.map(({ image }) => keyOf(engine, image)))
  if (made.every((each) => each === key)) return
  const context = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-images-'))
  try {
    gather(context)
    const services = images.map(({ image, stage }) => {
      const build = {
        context,
        dockerfile: 'images.Dockerfile',
        target: stage,
        network: 'none',
        labels: { [KEY_LABEL]: key },
      }
      return [stage, { image, build }] as const
    })
    const project = path.join(context, 'project.json')
    const text = { name: 'tinygrid-images', services: Object.fromEntries(services) }
    writeFileSync(project, JSON.stringify(text))
    // One after the other: side by side each would send its own copy of the root file system.
    for (const { stage } of images) await engine.docker(['compose', '-f', project, 'build', stage])
  } finally {
    rmSync(context, { recursive: true, force: true })
  }
}

interface WantedImage {
  readonly image: string
  readonly stage: string
}

async function wantedImages(engine: DockerEngine): Promise<readonly WantedImage[]> {
  const file = path.join(REPOSITORY, 'docker-compose.yml')
  const printed = await engine.docker([
    'compose',
    '-f',
    file,
    '--profile=observe',
    'config',
    '--format=json',
  ])
  const { services } = JSON.parse(printed) as { services: Record<string, { image: string }> }
  const dockerfile = readFileSync(path.join(REPOSITORY, 'Dockerfile'), 'utf8')
  const node = /^ARG NODE_IMAGE=(\S+)$/m.exec(dockerfile)![1]!
  const others = Object.entries(STAGES).map(([name, stage]) => {
    return { image: services[name]!.image, stage }
  })
  return [{ image: node, stage: 'node' }, ...others]
}

/** undefined: there is no such image. */
async function keyOf(engine: DockerEngine, image: string): Promise<string | undefined> {
  const format = `{{index .Config.Labels "${KEY_LABEL}"}}`
  const inspect = ['image', 'inspect', '--format', format, image]
  return engine.docker(inspect).then(
    (printed) => printed.trim(),
    () => undefined,
  )
}

/** Of what the images are made of; the caches of servers are named after their sources. */
function keyOfAll(): string {
  const hash = createHash('sha256')
  for (const file of OWN_FILES) hash.update(readFileSync(path.join(HERE, file)))
  const servers = Object.values(SERVERS).map((name) => findProgram(name)!)
  const made = servers.map(({ path: file, version }) => `${file} ${version}`)
  return hash.update([rootArchive, ...made, process.version].join('\n')).digest('hex')
}

/** A Docker build sees nothing outside its directory, not even by a link. */
function gather(context: string): void {
  for (const file of OWN_FILES) cpSync(path.join(HERE, file), path.join(context, file))
  cpSync(rootArchive, path.join(context, 'root.tar'))
  for (const [file, name] of Object.entries(SERVERS)) {
    cpSync(findProgram(name)!.path, path.join(context, file))
  }
  cpSync(process.execPath, path.join(context, 'node'))
  const modules = npm('root', '--global')
  cpSync(path.join(modules, 'npm'), path.join(context, 'npm'), {
    recursive: true,
    dereference: true,
  })
}
