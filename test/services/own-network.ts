/**
 * A network of its own for one server (a network namespace of Linux), from which it can be cut off: what is
 * sent to and from it then gets lost, and no connection is closed.
 *
 * Takes root, and `ip` of iproute2. Addresses are of the range for tests between networks (RFC 2544), of
 * which nothing leaves the machine.
 */
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'

const ATTEMPTS_MAX = 5

export class OwnNetwork {
  /** The machine's address in it. */
  readonly outside: string
  /** The server's. */
  readonly inside: string
  readonly #name: string
  readonly #link: string
  readonly #removeAtExit = () => this.#remove()

  private constructor(number: number) {
    const subnet = `198.18.${Math.floor(number / 64)}`
    const first = (number % 64) * 4
    this.outside = `${subnet}.${first + 1}`
    this.inside = `${subnet}.${first + 2}`
    this.#name = `tinygrid-${number}`
    this.#link = `tg${number}`
  }

  /** undefined: here nobody may, or nothing can, make one. */
  static open(): OwnNetwork | undefined {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const network = new OwnNetwork(randomInt(64 * 256))
      if (network.#make()) return network
    }
    return undefined
  }

  /** What a command begins with that runs in it. */
  get command(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name]
  }

  cut(): void {
    ip('-n', this.#name, 'link', 'set', 'inside', 'down')
  }

  mend(): void {
    ip('-n', this.#name, 'link', 'set', 'inside', 'up')
  }

  close(): void {
    process.removeListener('exit', this.#removeAtExit)
    this.#remove()
  }

  #make(): boolean {
    try {
      ip('netns', 'add', this.#name)
    } catch {
      return false
    }
    try {
      const [name, link] = [this.#name, this.#link]
      ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'inside', 'netns', name)
      ip('addr', 'add', `${this.outside}/30`, 'dev', link)
      ip('link', 'set', link, 'up')
      ip('-n', name, 'addr', 'add', `${this.inside}/30`, 'dev', 'inside')
      ip('-n', name, 'link', 'set', 'lo', 'up')
      ip('-n', name, 'link', 'set', 'inside', 'up')
      process.once('exit', this.#removeAtExit)
      return true
    } catch {
      this.#remove()
      return false
    }
  }

  /** The link goes with it. */
  #remove(): void {
    try {
      ip('netns', 'del', this.#name)
    } catch {
      // It is gone already.
    }
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: 'ignore' })
}
