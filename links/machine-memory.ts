/**
 * How much memory this process may use: bounds that are not set are shares of it.
 *
 * Used by the settings, and by the process of analytics. In a container it is the container's limit, not
 * the memory of the machine around it.
 */
import os from 'node:os'

/** @param constrained what Node says of a limit: 0, or more than there is, where there is none */
export function machineMemoryBytes(
  constrained = process.constrainedMemory(),
  total = os.totalmem(),
): number {
  return constrained > 0 && constrained < total ? constrained : total
}
