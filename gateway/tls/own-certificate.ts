/**
 * The certificate with which this node serves HTTPS, and its renewals.
 *
 * Made at the start, where a file that is missing or wrong is a StartError; used by the gateway. The files are
 * looked at every few seconds, and what is new there serves the connections that come from then on. A pair
 * that is broken changes nothing: the old one goes on, which is told once and counted. Whoever renews writes
 * two files one after the other, so what is wrong at one look alone is told of nowhere.
 *
 * Rejected: a signal, which who renews in a container cannot send; watches of the file system, which see
 * nothing of mounted secrets.
 */
import { X509Certificate } from 'node:crypto'
import { statSync } from 'node:fs'
import type { Clock } from '../../links/clock.ts'
import { readTlsFiles, type TlsFile, type TlsMaterial } from '../../links/tls-files.ts'

export interface OwnCertificateOptions {
  readonly cert: TlsFile
  readonly key: TlsFile
  readonly clock: Clock
  /** For people. */
  readonly onRenewed: (until: Date) => void
  readonly onBroken: (what: string) => void
}

export type ServedCertificate = Pick<TlsMaterial, 'cert' | 'key'>

const LOOK_EVERY_MS = 5_000

export class OwnCertificate {
  readonly #options: OwnCertificateOptions
  #served: ServedCertificate
  #until: Date
  /** Of the files, as they were last read. */
  #mark: string
  #seen = 1
  #failures = 0
  #stop = () => {}

  /** @throws StartError */
  constructor(options: OwnCertificateOptions) {
    this.#options = options
    this.#mark = this.#markOfFiles()
    this.#served = this.#read()
    this.#until = endOf(this.#served)
  }

  get served(): ServedCertificate {
    return this.#served
  }

  get until(): Date {
    return this.#until
  }

  /** New pairs that could not be used. */
  get failures(): number {
    return this.#failures
  }

  /** Calls `serve` with each pair that is new. */
  watch(serve: (certificate: ServedCertificate) => void): void {
    this.#stop = this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.look(serve)
      this.watch(serve)
    })
  }

  stop(): void {
    this.#stop()
  }

  /** Once. */
  look(serve: (certificate: ServedCertificate) => void): void {
    const mark = this.#markOfFiles()
    this.#seen = mark === this.#mark ? this.#seen + 1 : 0
    this.#mark = mark
    // At the second look of the same files, they are written.
    if (this.#seen !== 1) return
    const { onRenewed, onBroken } = this.#options
    try {
      const served = this.#read()
      if (served.cert === this.#served.cert && served.key === this.#served.key) return
      serve(served)
      this.#served = served
      this.#until = endOf(served)
      onRenewed(this.#until)
    } catch (error) {
      this.#failures++
      onBroken((error as Error).message)
    }
  }

  #read(): ServedCertificate {
    const { cert, key } = this.#options
    return readTlsFiles({ prefix: 'TINYGRID_TLS', cert, key })
  }

  /** Of a mounted secret each renewal is another file. */
  #markOfFiles(): string {
    const { cert, key } = this.#options
    return [cert, key].map(({ path }) => markOf(path)).join(' ')
  }
}

function markOf(path: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(path)
    return `${ino}:${mtimeMs}:${size}`
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}

function endOf({ cert }: ServedCertificate): Date {
  return new X509Certificate(cert!).validToDate
}
