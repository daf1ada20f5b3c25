/**
 * How much memory this process may use: bounds that are not set are shares of it.
 *
 * Used by the settings, and by the process of analytics. In a container it is the container's limit, not
 * the memory of the machine around it.
 */
import os from 'node:os'

export function machineMemoryBytes(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 && constrained < os.totalmem() ? constrained : os.totalmem()
}
