/**
 * Which node has which colour: a number that it keeps while it is there.
 *
 * Used by the ring, the table and the cards. A node that joins takes the lowest free number, so that
 * the others keep theirs; the number is shown too, for whoever cannot tell colours apart, and because
 * there are only COLOURS of them.
 */

export const COLOURS = 10

/** Numbers from 0. */
export type Colours = ReadonlyMap<string, number>

export function coloursAfter(before: Colours, nodes: readonly string[]): Colours {
  const colours = new Map<string, number>()
  for (const node of nodes) {
    const kept = before.get(node)
    if (kept !== undefined) colours.set(node, kept)
  }
  const taken = new Set(colours.values())
  let free = 0
  for (const node of nodes) {
    if (colours.has(node)) continue
    while (taken.has(free)) free++
    taken.add(free)
    colours.set(node, free)
  }
  return colours
}

/** The class of what is drawn in a node's colour. */
export function colourClass(colours: Colours, node: string): string {
  return `node-colour-${(colours.get(node) ?? 0) % COLOURS}`
}

/** How people call the colour: from 1. */
export function colourNumber(colours: Colours, node: string): number {
  return (colours.get(node) ?? 0) + 1
}
