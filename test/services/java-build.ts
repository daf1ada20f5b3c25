/**
 * Builds `mongo-java-server` from `mongo-java-pom.xml` and `MongoJavaServer.java`, with the Maven and
 * Java that are installed.
 *
 * The program is a directory of jars with a script to start them. It appears in the cache all at
 * once or not at all, as the programs of `go-build.ts` do. Maven compares what it fetches with the
 * registry's checksums.
 */
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { withBuildLock } from './build-lock.ts'
import { runCommand } from './command-line.ts'
import { javaDirectory, MONGO_JAVA } from './service-program.ts'

const SOURCE = import.meta.dirname
const BUILD_TIMEOUT_MS = 300_000
const VERSION = /<artifactId>mongo-java-server<\/artifactId>\s+<version>([\d.]+)</

/** @returns undefined when it is built, else why not, in one line */
export function buildWithJava(say: (line: string) => void): Promise<string | undefined> {
  const waits = () => say('another process builds it: waiting')
  return withBuildLock(`${javaDirectory}.lock`, waits, async () => {
    if (existsSync(javaDirectory)) return undefined
    const target = mkdtempSync(`${javaDirectory}.`)
    try {
      say('fetching and compiling it (once)')
      const reason = await build(target)
      if (reason === undefined) renameSync(target, javaDirectory)
      return reason
    } finally {
      rmSync(target, { recursive: true, force: true })
    }
  })
}

async function build(target: string): Promise<string | undefined> {
  const pom = path.join(target, 'pom.xml')
  copyFileSync(path.join(SOURCE, 'mongo-java-pom.xml'), pom)
  const fetch = ['mvn', '-B', '-C', '-f', pom, 'dependency:copy-dependencies'] as const
  const jars = `-DoutputDirectory=${path.join(target, 'lib')}`
  const options = { cwd: target, timeoutMs: BUILD_TIMEOUT_MS }
  const unfetched = await runCommand([...fetch, jars], options)
  if (unfetched !== undefined) return `it could not be fetched: ${unfetched}`
  const source = path.join(SOURCE, 'MongoJavaServer.java')
  const compile = ['javac', '-cp', path.join(target, 'lib', '*'), '-d', target, source] as const
  const uncompiled = await runCommand(compile, options)
  if (uncompiled !== undefined) return `it could not be compiled: ${uncompiled}`
  const version = VERSION.exec(readFileSync(pom, 'utf8'))![1]!
  writeFileSync(path.join(target, MONGO_JAVA), scriptOf(version), { mode: 0o755 })
  return undefined
}

/** Says its version without Java, of which it only sees that it is there: to ask takes a while. */
function scriptOf(version: string): string {
  return `#!/bin/sh
home=$(dirname "$0")
command -v java >/dev/null || exit 1
if [ "$1" = --version ]; then echo ${version}; exit; fi
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx512m -cp "$home:$home/lib/*" MongoJavaServer "$@"
`
}
