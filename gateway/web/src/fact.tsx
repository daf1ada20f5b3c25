/**
 * One figure with its name, and a bar where it is a part of something. Used in panels and cards.
 */
import type { ComponentChildren } from 'preact'

interface FactProps {
  readonly name: string
  /** From 0 to 1: how much of the bar is full. The words say the same. */
  readonly part?: number
  readonly children: ComponentChildren
}

export function Fact({ name, part, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        {part !== undefined && (
          <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
            <rect class="bar-full" width={100 * Math.min(1, part)} height="4" />
          </svg>
        )}
      </dd>
    </div>
  )
}
