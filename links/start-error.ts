/**
 * A start that cannot succeed, for a reason that the operator can mend.
 *
 * Thrown by what connects to servers or opens what a cluster has stored, before a node serves
 * anything. The message is one line for the person who starts the process: what is wrong, where,
 * and what to do. It never holds a password. `main.ts` prints it as it is.
 */
export class StartError extends Error {
  override readonly name: string = 'StartError'
}

/** What the cluster has stored does not fit the settings. */
export class ClusterDataError extends StartError {
  override readonly name = 'ClusterDataError'
}
