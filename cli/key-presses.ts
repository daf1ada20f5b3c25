/**
 * Single keys from a terminal, without Enter. Where there is no terminal there are no keys.
 *
 * In this mode Ctrl-C is a key like others, no signal.
 */
import type { ReadStream } from 'node:tty'

export const CTRL_C = '\u0003'

/** @returns ends it, and leaves the terminal as it was */
export function onKeyPress(input: ReadStream, listener: (key: string) => void): () => void {
  if (!input.isTTY) return () => {}
  const listen = (text: string) => {
    for (const key of text) listener(key)
  }
  input.setRawMode(true)
  input.setEncoding('utf8').on('data', listen).resume()
  return () => {
    input.off('data', listen).pause()
    input.setRawMode(false)
  }
}
