/**
 * Reads a file that a setting names, which may be a mistake: never more of it than is wanted, and no pipe or
 * device, which may never end.
 *
 * Used for secrets in files and for the file of settings.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

interface FileBeginning {
  /** All of the file, or one byte more than was allowed. */
  readonly bytes: Buffer
  /** Permissions, as `stat` has them. */
  readonly mode: number
}

/** undefined: it is no regular file. @throws the system's error if it cannot be read */
export function beginningOf(file: string, bytesMax: number): FileBeginning | undefined {
  const buffer = Buffer.alloc(bytesMax + 1)
  // A pipe without a writer would hold up the opening itself.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const status = fstatSync(descriptor)
    if (!status.isFile()) return undefined
    let length = 0
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = readSync(descriptor, buffer, length, buffer.length - length, null)
    }
    return { bytes: buffer.subarray(0, length), mode: status.mode }
  } finally {
    closeSync(descriptor)
  }
}
