/** A small disk for tests of what a full one does; not everyone may mount one. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ExecutionContext } from 'ava'

const SIZES = { mountedBytes: 12 * 2 ** 20, ballastBytes: 6 * 2 ** 20 }

/** A file system of a few MB, some of it taken by a file named ballast; undefined: not allowed. */
export async function smallDisk(
  t: ExecutionContext,
  { mountedBytes, ballastBytes } = SIZES,
): Promise<string | undefined> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mountedBytes}`, 'tmpfs', directory], {
      stdio: 'ignore',
    })
  } catch {
    await rm(directory, { recursive: true })
    t.log('SKIPPED: a full disk needs the right to mount a small file system')
    t.pass()
    return undefined
  }
  t.teardown(async () => {
    execFileSync('umount', ['--lazy', directory]) // the driver keeps files mapped for a while
    await rm(directory, { recursive: true })
  })
  await writeFile(path.join(directory, 'ballast'), Buffer.alloc(ballastBytes))
  return directory
}
