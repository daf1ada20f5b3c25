/**
 * The names of things that must not be mixed up: codes, partitions, epochs, log positions, times.
 *
 * Used by every folder. Each name is a branded primitive, so a partition cannot be passed where an
 * epoch is meant; each is made by one parser at the edge or by the code that owns its meaning.
 * Rejected: classes around numbers, which cost an allocation per redirect.
 */
import assert from 'node:assert/strict'

declare const brand: unique symbol
type Branded<T, Name extends string> = T & { readonly [brand]: Name }

/** Names a link: what follows the slash, and on another than the default domain that before it (`full-code.ts`). */
export type Code = Branded<string, 'Code'>
declare const plain: unique symbol
/** What follows the slash in a short link: 1 to CODE_LENGTH_MAX characters of [A-Za-z0-9_-]. */
export type PlainCode = Code & { readonly [plain]: true }
/** 0 to P - 1, where P is the number of partitions of the cluster. */
export type PartitionId = Branded<number, 'PartitionId'>
/** Rises by at least one with each change of a partition's owner; 0 means never owned. */
export type Epoch = Branded<number, 'Epoch'>
/** Place of a record in one partition's log; rises, need not be dense; 0 is before the first. */
export type LogPosition = Branded<number, 'LogPosition'>
/** Milliseconds since 1970 by the wall clock, an integer below 2^48. */
export type EpochMs = Branded<number, 'EpochMs'>
/** Names one process from its start to its end. */
export type NodeId = Branded<string, 'NodeId'>

/** Longest plain code of any kind, in characters. The settings may set a lower limit for aliases. */
export const CODE_LENGTH_MAX = 64

export const POSITION_NONE = 0 as LogPosition

const CODE_PATTERN = new RegExp(`^[A-Za-z0-9_-]{1,${CODE_LENGTH_MAX}}$`)
const U48_MAX = 2 ** 48 - 1
/** Latest time that a record can hold, in milliseconds. */
export const TIME_MAX = U48_MAX

/** The plain code that `text` spells, or undefined if no link could have it. */
export function parseCode(text: string): PlainCode | undefined {
  return CODE_PATTERN.test(text) ? (text as PlainCode) : undefined
}

export function toEpochMs(ms: number): EpochMs {
  assert(Number.isInteger(ms) && ms >= 0 && ms <= U48_MAX, 'not a time in milliseconds')
  return ms as EpochMs
}

export function isEpochMs(value: unknown): value is EpochMs {
  return isPosition(value)
}

export function toLogPosition(position: number): LogPosition {
  assert(isPosition(position))
  return position
}

export function isPosition(value: unknown): value is LogPosition {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= U48_MAX
}
