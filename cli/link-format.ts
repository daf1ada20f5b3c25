/**
 * The formats in which links are read and written, and how one is told from another.
 *
 * A format that is named counts, then the file's ending, then what the first lines look like.
 */
import { delimiterOfHeader, separatorLine } from './csv-layout.ts'

export const LINK_FORMATS = ['text', 'csv', 'ndjson'] as const
export type LinkFormat = (typeof LINK_FORMATS)[number]

const FORMAT_OF_ENDING: Readonly<Record<string, LinkFormat>> = {
  '.txt': 'text',
  '.csv': 'csv',
  '.tsv': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
}

export function isLinkFormat(text: string): text is LinkFormat {
  return (LINK_FORMATS as readonly string[]).includes(text)
}

/** The format that a file's name promises. */
export function formatOfName(path: string): LinkFormat | undefined {
  return FORMAT_OF_ENDING[/\.[a-z]+$/i.exec(path)?.[0].toLowerCase() ?? '']
}

/** The format that the beginning of an input looks like. */
export function sniffFormat(head: string): LinkFormat {
  const lines = head.replace(/^\uFEFF/, '').split(/[\r\n]+/)
  const first = lines.find((line) => line.trim() !== '')
  if (first === undefined) return 'text'
  if (first.trimStart().startsWith('{')) return 'ndjson'
  const isCsv = separatorLine(first) !== undefined || delimiterOfHeader(first) !== undefined
  return isCsv ? 'csv' : 'text'
}
