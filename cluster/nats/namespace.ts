/**
 * What a cluster calls its subjects, streams and buckets on a NATS server.
 *
 * Used by every adapter of NATS, so that two clusters on one server never touch each other's data:
 * every name starts with the namespace (`TINYGRID_NAMESPACE`), and no two namespaces share a name.
 * Pure; knows no driver.
 */
import assert from 'node:assert/strict'
import type { Code, PartitionId } from '../../links/ids.ts'

export interface ClusterNames {
  readonly namespace: string
  /** What every subject of the cluster starts with, without a dot at its end. */
  readonly subjectPrefix: string
  /** What the subjects start with on which a node awaits answers, so that nobody else may hear them. */
  readonly inboxPrefix: string
  /** Of the log's stream, or what the names of its streams start with (`log-names.ts`). */
  readonly logStream: string
  /** What the log's subjects start with, without a dot at its end. */
  readonly logPrefix: string
  readonly deadLetterStream: string
  /** All subjects of dead letters. */
  readonly deadLetterSubjects: string
  /** Without a partition: the letters of the code, whatever its partition. */
  deadLetterSubject(partition: PartitionId | undefined, code: Code): string
  readonly clicksStream: string
  /** All subjects of clicks. */
  readonly clicksSubjects: string
  clicksSubject(node: string): string
  readonly auditStream: string
  /** All subjects of audited changes. */
  readonly auditSubjects: string
  auditSubject(node: string): string
  /** Clicks as rows, for whoever keeps them elsewhere. */
  readonly feedStream: string
  readonly feedSubject: string
  /** `kind` is one or more subject tokens, such as `node.joined`. */
  eventSubject(kind: string): string
  /** Key-value bucket of the table and the leases. */
  readonly kvBucket: string
  /** Key-value bucket of what only nodes may read: salts, secrets. */
  readonly privateBucket: string
}

/** Without the underscore: in names of streams it stands for the hyphen. */
const NAMESPACE_PATTERN = /^[a-z][a-z0-9-]{0,31}$/

/** What a namespace must be, to follow "must be". */
export const NAMESPACE_TAKES = 'a letter and up to 31 of a-z, 0-9 and -, in lower case'

export function isNamespace(text: string): boolean {
  return NAMESPACE_PATTERN.test(text)
}

export function namesOf(namespace: string): ClusterNames {
  assert(isNamespace(namespace), `not a namespace: ${namespace}`)
  const stream = namespace.toUpperCase().replaceAll('-', '_')
  return {
    namespace,
    subjectPrefix: namespace,
    inboxPrefix: `${namespace}.inbox`,
    logStream: `${stream}_LOG`,
    logPrefix: `${namespace}.log`,
    deadLetterStream: `${stream}_DEAD_LETTERS`,
    deadLetterSubjects: `${namespace}.dead-letter.*.*`,
    deadLetterSubject: (partition, code) =>
      `${namespace}.dead-letter.${partition ?? '*'}.${tokenOf(code)}`,
    clicksStream: `${stream}_CLICKS`,
    clicksSubjects: `${namespace}.clicks.*`,
    clicksSubject: (node) => `${namespace}.clicks.${node}`,
    auditStream: `${stream}_AUDIT`,
    auditSubjects: `${namespace}.audit.*`,
    auditSubject: (node) => `${namespace}.audit.${node}`,
    feedStream: `${stream}_FEED`,
    feedSubject: `${namespace}.feed.clicks`,
    eventSubject: (kind) => `${namespace}.events.${kind}`,
    kvBucket: namespace,
    // No namespace has an underscore.
    privateBucket: `${namespace}_private`,
  }
}

/** A full code as one token of a subject: the dots of a domain would end it. No code has a comma. */
function tokenOf(code: Code): string {
  return code.replaceAll('.', ',')
}

/** The full code that the subject of a dead letter names. */
export function codeOfDeadLetter(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1).replaceAll(',', '.')
}
