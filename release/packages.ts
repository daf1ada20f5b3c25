/**
 * What a release is made up of beside its tag: notes, npm's package, an image where Docker is, and their sums.
 *
 * Used by `release.ts`. Each file is made under another name and then renamed: what is there is whole, and is not
 * made again. The package's files have fixed times, so the same commit gives the same bytes; so do the image's
 * layers, by the time of the commit.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { runProgram } from './command.ts'

const NOTES = 'NOTES.md'
const SUMS = 'SHA256SUMS'
const packageName = (version: string) => `tinygrid-${version}.tgz`
const imageName = (version: string) => `tinygrid-${version}-image.tar.gz`

export class Packages {
  readonly directory: string
  readonly #root: string
  readonly #version: string

  constructor(root: string, version: string) {
    this.#root = root
    this.#version = version
    this.directory = path.join(root, 'releases', version)
  }

  get notesFile(): string {
    return path.join(this.directory, NOTES)
  }

  async writeNotes(notes: string): Promise<void> {
    await this.#make(NOTES, (directory) => writeFile(path.join(directory, NOTES), notes))
  }

  /** What an earlier attempt left may be of another commit. */
  async clear(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
  }

  async packForNpm(): Promise<void> {
    const name = packageName(this.#version)
    await this.#make(name, async (directory) => {
      const pack = ['npm', 'pack', '--silent', '--pack-destination', directory] as const
      await runProgram(pack, { cwd: this.#root })
    })
  }

  /** @returns why there is none, where there is no engine */
  async archiveImage(commit: string, commitTime: string): Promise<string | undefined> {
    const options = { cwd: this.#root }
    try {
      await runProgram(['docker', 'version', '--format', '{{.Server.Version}}'], options)
    } catch (error) {
      return `no Docker engine answers: ${(error as Error).message.split('\n').at(-1)}`
    }
    const name = imageName(this.#version)
    await this.#make(name, async (directory) => {
      const image = `tinygrid:${this.#version}`
      const given = { VERSION: this.#version, REVISION: commit, SOURCE_DATE_EPOCH: commitTime }
      const args = Object.entries(given).flatMap(([key, value]) => [
        '--build-arg',
        `${key}=${value}`,
      ])
      await runProgram(['docker', 'build', ...args, '--tag', image, '.'], {
        ...options,
        isShown: true,
      })
      const archive = path.join(directory, 'image.tar')
      await runProgram(['docker', 'save', '--output', archive, image], options)
      await pipeline(
        createReadStream(archive),
        createGzip(),
        createWriteStream(path.join(directory, name)),
      )
    })
    return undefined
  }

  /** As `sha256sum --check` reads them. */
  async writeSums(): Promise<readonly string[]> {
    const names = readdirSync(this.directory).filter(
      (name) => name !== SUMS && !name.startsWith('.'),
    )
    const lines = await Promise.all(
      names
        .sort()
        .map(async (name) => `${await sumOf(path.join(this.directory, name))}  ${name}\n`),
    )
    await writeFile(path.join(this.directory, SUMS), lines.join(''))
    return [...names, SUMS]
  }

  async #make(name: string, into: (directory: string) => Promise<void>): Promise<void> {
    const target = path.join(this.directory, name)
    if (existsSync(target)) return
    mkdirSync(this.directory, { recursive: true })
    const directory = await mkdtemp(path.join(this.directory, '.'))
    try {
      await into(directory)
      await rename(path.join(directory, name), target)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
}

async function sumOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
