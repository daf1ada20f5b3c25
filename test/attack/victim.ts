/**
 * A node under attack: the real program, and a bystander who goes on using it meanwhile.
 *
 * Used by the attacks, of which some are tests too. The bystander follows a link and asks for health
 * on connections of its own, and writes down how long each took and what was wrong; the process's
 * memory is looked at as the operating system sees it. All on this machine alone.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectSecure, setDefaultCACertificates } from 'node:tls'
import { authority, keepCertificate, makeCertificate } from '../certificates.ts'
import { API_KEY, Program } from '../program.ts'
import { pause } from '../deadline.ts'

const TARGET = 'https://example.com/bystander'
const CODE = 'stander'
const LOOK_EVERY_MS = 50
/** An answer that takes longer counts as none. */
const ANSWER_MS_MAX = 30_000

export interface Sighting {
  /** Answers to the bystander. */
  readonly answers: number
  /** Not a redirect to the target, or not healthy, or no answer. */
  readonly wrong: readonly string[]
  readonly medianMs: number
  readonly maxMs: number
  /** By how much the process grew at most. */
  readonly grownBytes: number
}

export class Victim {
  readonly program: Program
  readonly #clients = new Set<Socket>()

  private constructor(program: Program) {
    this.program = program
  }

  static async start(dataDir: string, env: Record<string, string> = {}): Promise<Victim> {
    const program = await Program.start({ dataDir, env })
    const made = await program.create({ url: TARGET, code: CODE })
    if (made.status !== 201) throw new Error(`the link was not made: ${made.status}`)
    return new Victim(program)
  }

  /** One that serves HTTPS, which this process believes from now on. */
  static startSecure(dataDir: string): Promise<Victim> {
    const issuer = authority()
    const files = keepCertificate(dataDir, 'own', makeCertificate({ name: 'victim', issuer }))
    setDefaultCACertificates([issuer.cert])
    return Victim.start(dataDir, {
      TINYGRID_TLS_CERT: files.cert,
      TINYGRID_TLS_KEY: files.key,
      TINYGRID_BASE_URL: 'https://sho.rt',
    })
  }

  /** Whether the process has ended, which no attack may bring about. */
  get isGone(): boolean {
    return this.#residentBytes() === Number.POSITIVE_INFINITY
  }

  get port(): number {
    return Number(new URL(this.program.url).port)
  }

  get key(): string {
    return API_KEY
  }

  /** A client that reads nothing unless told to, and minds nothing. */
  client(): Promise<Socket> {
    return this.#opened(connect(this.port, '127.0.0.1'), 'connect')
  }

  /** One that speaks HTTP/2. */
  http2Client(): Promise<Socket> {
    const socket = connectSecure({ port: this.port, host: '127.0.0.1', ALPNProtocols: ['h2'] })
    return this.#opened(socket, 'secureConnect')
  }

  async #opened(socket: Socket, event: string): Promise<Socket> {
    socket.on('error', () => {})
    this.#clients.add(socket)
    socket.once('close', () => this.#clients.delete(socket))
    await Promise.race([once(socket, event), once(socket, 'close')])
    return socket
  }

  /** Lets `attack` go on while the bystander looks, then ends all clients. */
  async under(attack: () => Promise<unknown>): Promise<Sighting> {
    const before = this.#residentBytes()
    const took: number[] = []
    const wrong: string[] = []
    let grownBytes = 0
    const attacking = { isOver: false }
    const going = attack().finally(() => (attacking.isOver = true))
    while (!attacking.isOver) {
      const began = performance.now()
      wrong.push(...(await this.#look()))
      took.push(performance.now() - began)
      grownBytes = Math.max(grownBytes, this.#residentBytes() - before)
      await pause(LOOK_EVERY_MS)
    }
    for (const socket of this.#clients) socket.destroy()
    await going.catch(() => {}) // Clients that find nobody any more.
    took.sort((a, b) => a - b)
    const medianMs = took[Math.floor(took.length / 2)] ?? 0
    return { answers: took.length, wrong, medianMs, maxMs: took.at(-1) ?? 0, grownBytes }
  }

  async #look(): Promise<string[]> {
    const options = { redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS_MAX) } as const
    const headers = { connection: 'close' }
    try {
      const [redirect, health] = await Promise.all([
        fetch(`${this.program.url}/${CODE}`, { ...options, headers }),
        fetch(`${this.program.url}/health/live`, { ...options, headers }),
      ])
      await Promise.all([redirect.arrayBuffer(), health.arrayBuffer()])
      return [
        ...(redirect.headers.get('location') === TARGET ? [] : [`redirect: ${redirect.status}`]),
        ...(health.status === 200 ? [] : [`health: ${health.status}`]),
      ]
    } catch (error) {
      return [String(error)]
    }
  }

  #residentBytes(): number {
    const args = ['-o', 'rss=', '-p', String(this.program.pid)]
    try {
      return Number(execFileSync('ps', args, { encoding: 'utf8' })) * 1024
    } catch {
      return Number.POSITIVE_INFINITY // The process has gone.
    }
  }
}
