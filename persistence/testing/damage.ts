/** Damages files as a disk does: a byte here or there. Used by tests. */
import { open } from 'node:fs/promises'

/** @param mask the bits of the byte that change */
export async function flipByte(file: string, at: number, mask = 0xff): Promise<void> {
  const handle = await open(file, 'r+')
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, at)
  byte[0]! ^= mask
  await handle.write(byte, 0, 1, at)
  await handle.close()
}
