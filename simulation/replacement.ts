/**
 * Puts something else into the place of a part of a real class, for planted faults.
 */

/** Returns what puts it back. */
export function replaceMethod<T extends object, Name extends keyof T>(
  owner: T,
  name: Name,
  method: T[Name],
): () => void {
  const original = owner[name]
  owner[name] = method
  return () => {
    owner[name] = original
  }
}

/** Returns what puts it back. */
export function replaceGetter<T extends object>(
  owner: T,
  name: keyof T,
  get: () => unknown,
): () => void {
  const original = Object.getOwnPropertyDescriptor(owner, name)!
  Object.defineProperty(owner, name, { ...original, get })
  return () => Object.defineProperty(owner, name, original)
}
